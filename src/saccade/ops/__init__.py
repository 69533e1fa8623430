"""Pure batched functions of tensors and arrays: they know no tracker and remember nothing."""
