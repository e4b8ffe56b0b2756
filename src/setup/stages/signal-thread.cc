// Linked into the binding between Node and TensorFlow: keeps signals away from the threads that compute.
//
// A signal handler that runs on a thread while oneDNN multiplies matrices there (seen with TensorFlow 2.21 on
// AVX-512) corrupts the heap, and the process crashes: "corrupted size vs. prev_size". Ctrl-C, a resized terminal or
// a child that ends is enough. The system delivers a signal for the process to any thread that does not block it. So
// this thread, and the threads that TensorFlow starts later, block all signals except those of faults. An idle thread
// receives them: Node's handlers only write to a pipe, which works on any thread.
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
  if (pthread_create(&taker, nullptr, take_signals, nullptr) != 0) return;  // unchanged: the signals arrive here
  pthread_detach(taker);
  sigset_t blocked;
  sigfillset(&blocked);
  for (int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS, SIGPROF}) sigdelset(&blocked, fault);
  pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
}

}  // namespace
