// Linked into the binding between Node and TensorFlow: takes signals off the threads that compute.
//
// A signal that is handled on a thread which is multiplying matrices in oneDNN (seen with TensorFlow 2.21 on AVX-512)
// damages the heap, and the process dies of it: "corrupted size vs. prev_size". Ctrl-C, a terminal that
// is resized or a child that ends is enough. A signal for the process goes to any thread that does not block it. So
// this thread, and with it those that TensorFlow starts later, block all signals but those of faults, and a thread that
// does nothing takes them: Node's handlers only write to a pipe, and do so from any thread.
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <initializer_list>

namespace {

void* take_signals(void*) {
  for (;;) pause();
  return nullptr;
}

__attribute__((constructor)) void leave_signals_to_another_thread() {
  pthread_t taker;
  if (pthread_create(&taker, nullptr, take_signals, nullptr) != 0) return;  // as it was: the signals come here
  pthread_detach(taker);
  sigset_t blocked;
  sigfillset(&blocked);
  for (int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS, SIGPROF}) sigdelset(&blocked, fault);
  pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
}

}  // namespace
