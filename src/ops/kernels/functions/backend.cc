#include "backend.h"

#include <atomic>

#include "tfjs_backend.h"

namespace {

using tfnodejs::TFJSBackend;

std::atomic<int64_t> executed{0};

// Names private members: explicit instantiations may (C++17, 17.7.2). The package's sources stay as they are.
template <typename Tag, typename Tag::type kMember>
struct Reveal {
  friend typename Tag::type member_of(Tag) { return kMember; }
};
struct ContextTag {
  using type = TFE_Context* TFJSBackend::*;
  friend type member_of(ContextTag);
};
struct TensorsTag {
  using type = std::unordered_map<int32_t, TFE_TensorHandle*> TFJSBackend::*;
  friend type member_of(TensorsTag);
};
struct InsertTag {
  using type = int32_t (TFJSBackend::*)(TFE_TensorHandle*);
  friend type member_of(InsertTag);
};
template struct Reveal<ContextTag, &TFJSBackend::tfe_context_>;
template struct Reveal<TensorsTag, &TFJSBackend::tfe_handle_map_>;
template struct Reveal<InsertTag, &TFJSBackend::InsertHandle>;

TFJSBackend* of(void* backend) { return static_cast<TFJSBackend*>(backend); }

}  // namespace

// Replaces TFE_Execute in the package's sources (binding-commands.mjs), so that every call is counted.
extern "C" void tslora_execute(TFE_Op* op, TFE_TensorHandle** outputs, int* count, TF_Status* status) {
  executed.fetch_add(1, std::memory_order_relaxed);
  TFE_Execute(op, outputs, count, status);
}

namespace tslora {

Backend::Backend(napi_env env) {
  if (napi_get_instance_data(env, &backend_) != napi_ok) backend_ = nullptr;
}

TFE_Context* Backend::context() const { return of(backend_)->*member_of(ContextTag{}); }

TFE_TensorHandle* Backend::tensor(int32_t id) const {
  const auto& tensors = of(backend_)->*member_of(TensorsTag{});
  const auto found = tensors.find(id);
  return found == tensors.end() ? nullptr : found->second;
}

int32_t Backend::insert(TFE_TensorHandle* tensor) const { return (of(backend_)->*member_of(InsertTag{}))(tensor); }

int64_t executions() { return executed.load(std::memory_order_relaxed); }

}  // namespace tslora
