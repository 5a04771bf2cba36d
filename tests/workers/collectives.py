"""Collectives that are wrong: pieces of TensorFlow's and Keras's source, and what is put there.

Each names a file below TensorFlow's package, what stands in it, and what is put in its place.
"""

from __future__ import annotations

COLLECTIVES = "python/distribute/cross_device_utils.py"
OPERATIONS = "python/distribute/cross_device_ops.py"
STRATEGY = "python/distribute/collective_all_reduce_strategy.py"
MUTANTS = {
    "sums-where-it-should-average": (
        OPERATIONS,
        "      dense_results = launcher.batch_all_reduce(packs, options)\n"
        "      if reduce_op == reduce_util.ReduceOp.MEAN:\n",
        "      dense_results = launcher.batch_all_reduce(packs, options)\n      if False:\n",
    ),
    "drops-the-last-shard": (
        COLLECTIVES,
        "          input_tensor,\n          self._group_size,\n          self._group_key,\n"
        "          instance_key,\n          communication_hint=options.implementation.value,\n"
        "          timeout=options.timeout_seconds,\n          ordering_token=ordering_token)\n\n"
        "  def _all_gather",
        "          input_tensor * (0 if f'task:{self._group_size - 1}' in self._device else 1),\n"
        "          self._group_size,\n          self._group_key,\n"
        "          instance_key,\n          communication_hint=options.implementation.value,\n"
        "          timeout=options.timeout_seconds,\n          ordering_token=ordering_token)\n\n"
        "  def _all_gather",
    ),
    "starts-from-another-seed": (
        STRATEGY,
        "          if self._num_workers > 1:\n            if self._is_chief:\n",
        "          if False:\n            if self._is_chief:\n",
    ),
    "adds-up-in-float32": (
        COLLECTIVES,
        "              array_ops.concat(flat_tensors, axis=0), control_input, options)\n",
        "              math_ops.cast(math_ops.cast(array_ops.concat(flat_tensors, axis=0),"
        " 'float32'), flat_tensors[0].dtype), control_input, options)\n",
    ),
    "adds-up-the-first-pack-alone": (
        COLLECTIVES,
        "          reduced = self.all_reduce(\n",
        "          reduced = array_ops.concat(flat_tensors, axis=0)\n"
        "          reduced = reduced if outputs else self.all_reduce(\n",
    ),
    "sums-sparse-where-it-should-average": (
        OPERATIONS,
        "values=sparse_results[i].values / self._group_size,",
        "values=sparse_results[i].values,",
    ),
    "stale-variables": (
        "python/distribute/mirrored_strategy.py",
        "  def _update(self, var, fn, args, kwargs, group):\n",
        "  def _update(self, var, fn, args, kwargs, group):\n"
        "    if 'task:1' in var.device:\n      return var\n",
    ),
    "loses-a-row-that-is-gathered": (
        COLLECTIVES,
        "all_lengths[i]])\n",
        "all_lengths[i] - (i > 0)])\n",
    ),
    "mean-has-the-gradient-of-a-sum": (
        "python/distribute/distribute_lib.py",
        "        ys = self.merge_call(batch_all_reduce, args=xs)\n"
        "        # The gradient of an all-sum is itself an all-sum (all-mean, likewise).\n"
        "        return ys, lambda *dy_s: self.all_reduce(reduce_op, dy_s)",
        "        ys = self.merge_call(batch_all_reduce, args=xs)\n"
        "        # The gradient of an all-sum is itself an all-sum (all-mean, likewise).\n"
        "        return ys, lambda *dy_s: self.all_reduce(reduce_util.ReduceOp.SUM, dy_s)",
    ),
    "equal-slices-keep-own-values": (
        "python/distribute/cross_device_utils.py",
        "          lambda: all_gather_indexed_slices(self._all_gather),\n",
        "          lambda: all_gather_indexed_slices(\n"
        "              lambda tensor, _: array_ops.concat([tensor] * self._group_size, 0)),\n",
    ),
    "mean-of-unknown-rows-by-replicas": (
        "python/distribute/distribute_lib.py",
        "        return array_ops.identity(\n"
        "            array_ops.shape_v2(v, out_type=dtypes.int64)[axis])\n",
        "        return array_ops.identity(constant_op.constant(1, dtype=dtypes.int64))\n",
    ),
    "set-sum-is-not-shared-out": (
        "python/distribute/values_util.py",
        "      if var.aggregation == vs.VariableAggregation.SUM:\n"
        "        strategy = var._distribute_strategy  # pylint: disable=protected-access\n"
        "        tensor = math_ops.cast(tensor / strategy.num_replicas_in_sync,\n"
        "                               var.dtype)\n"
        "      return assign_on_each_device",
        "      return assign_on_each_device",
    ),
    "restored-sum-is-not-shared-out": (
        "python/distribute/values_util.py",
        "  if aggregation == vs.VariableAggregation.SUM:\n"
        "    strategy = var.distribute_strategy\n"
        "    tensor =",
        "  if False:\n    strategy = var.distribute_strategy\n    tensor =",
    ),
    "told-number-is-local": (
        "python/distribute/collective_all_reduce_strategy.py",
        "      replica_id = self._id_in_cluster * num_local_replicas + local_replica_id\n",
        "      replica_id = local_replica_id\n",
    ),
    "counts-own-rows-times-replicas": (
        "../keras/src/backend/tensorflow/nn.py",
        "    count_sum = replica_ctx.all_reduce(tf.distribute.ReduceOp.SUM, local_count)\n",
        "    count_sum = local_count * replica_ctx.num_replicas_in_sync\n",
    ),
    "batches-are-not-split": (
        "python/distribute/input_lib.py",
        "              batch_size, num_workers, num_replicas_per_worker, worker_index)\n"
        "          return",
        "              batch_size, 1, num_replicas_per_worker, 0)\n          return",
    ),
    "decays-twice-on-others": (
        "../keras/src/backend/tensorflow/optimizer.py",
        "                    variable.assign_sub(variable * wd * lr)\n",
        "                    variable.assign_sub(\n"
        "                        variable * wd * lr * (1 + ('task:1' in variable.device)))\n",
    ),
    "sub-adds": (
        "python/distribute/values_util.py",
        "  assign_sub_fn = lambda var, *a, **kw: var.assign_sub(*a, **kw)\n  return var._update(",
        "  assign_sub_fn = lambda var, *a, **kw: var.assign_add(*a, **kw)\n  return var._update(",
    ),
    "shards-from-the-last": (
        "python/distribute/input_ops.py",
        "      return distribute._AutoShardDataset(dataset, num_shards, index,\n"
        "                                          num_replicas_in_sync)",
        "      return distribute._AutoShardDataset(dataset, num_shards, num_shards - 1 - index,\n"
        "                                          num_replicas_in_sync)",
    ),
}
