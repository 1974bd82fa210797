/* The library: the ordered list of its sources. It is at once the table of contents, a build of its own
 * (cc -c -I. -Isrc trainlib.c), the Makefile's list of files and the recipe of the amalgamation. */
#define TL_SINGLE_UNIT
#ifndef _GNU_SOURCE
#  define _GNU_SOURCE    /* port/: POSIX.1-2008 and the processor set */
#endif
#ifndef _FILE_OFFSET_BITS
#  define _FILE_OFFSET_BITS 64    /* port/: files above 2 GiB on 32-bit machines */
#endif
#include "trainlib.h"

/* 0  base: what needs no operating system */
#include "base/math.c"
#include "base/status.c"
#include "base/error.c"
#include "base/memory.c"
#include "base/buffer.c"
#include "base/text.c"
#include "base/number_power.c"
#include "base/number_parse.c"
#include "base/number_print.c"
#include "base/field.c"
#include "base/family.c"
#include "base/log.c"
#include "base/random.c"
#include "base/hash.c"
#ifndef TL_FREESTANDING
#include "base/crc.c"
#include "base/inflate.c"
#endif

/* 1  port: the operating system */
#include "port/time.c"
#include "port/posix_file.c"
#include "port/posix_system.c"
#include "port/cgroup.c"
#include "port/windows.c"
#include "port/thread.c"
#include "port/none.c"
#include "port/leftovers.c"

/* 1  kernels: arithmetic */
#include "kernels/kernels.c"
#include "kernels/scalar.c"
#include "kernels/x86/cpu.c"
#include "kernels/x86/sse2.c"
#include "kernels/x86/avx2.c"
#include "kernels/x86/avx512.c"
#include "kernels/arm/neon.c"
#include "kernels/arm/neon_v7.c"
#ifndef TL_FREESTANDING
#include "kernels/hash.c"
#include "kernels/x86/hash.c"
#include "kernels/arm/hash.c"
#endif

/* 1  text: formats */
#ifndef TL_FREESTANDING
#include "text/value.c"
#include "text/value_path.c"
#include "text/json.c"
#include "text/yaml_scan.c"
#include "text/yaml_scalar.c"
#include "text/yaml.c"
#include "text/yaml_write.c"
#include "text/bind.c"
#include "text/bind_path.c"
#include "text/unbind.c"
#include "text/safetensors.c"
#include "text/csv.c"
#include "text/npy.c"
#include "text/idx.c"
#endif

/* 2  par: threads and the context */
#include "par/pool.c"
#include "par/choice.c"
#include "par/context.c"
#include "par/build.c"

/* 2  metrics */
#ifndef TL_FREESTANDING
#include "metrics/confusion.c"
#include "metrics/report.c"
#include "metrics/probability.c"
#include "metrics/ranking.c"
#include "metrics/groups.c"
#include "metrics/values.c"
#include "metrics/metric.c"
#include "metrics/record.c"
#endif

/* 3  nn: graphs, layers, losses, optimizers, schedules */
#include "nn/activation.c"
#include "nn/init.c"
#include "nn/layer.c"
#include "nn/layer_input.c"
#include "nn/layer_dense.c"
#include "nn/layer_activation.c"
#include "nn/layer_dropout.c"
#include "nn/layer_batch_norm.c"
#include "nn/layer_layer_norm.c"
#include "nn/layer_add.c"
#include "nn/layer_concatenate.c"
#include "nn/layer_flatten.c"
#include "nn/attention.c"
#include "nn/layer_attention.c"
#ifndef TL_FREESTANDING
#include "nn/layer_residual.c"
#endif
#include "nn/graph.c"
#include "nn/graph_read.c"
#ifndef TL_FREESTANDING
#include "nn/graph_expand.c"
#endif
#include "nn/plan.c"
#include "nn/plan_report.c"
#include "nn/network.c"
#include "nn/network_pass.c"
#include "nn/network_step.c"
#include "nn/network_check.c"
#include "nn/clip.c"
#include "nn/loss.c"
#include "nn/loss_mse.c"
#include "nn/loss_mae.c"
#include "nn/loss_huber.c"
#include "nn/loss_smooth_l1.c"
#include "nn/loss_log_cosh.c"
#include "nn/loss_quantile.c"
#include "nn/loss_cross_entropy.c"
#include "nn/loss_binary_cross_entropy.c"
#include "nn/loss_focal.c"
#include "nn/loss_kl_div.c"
#include "nn/head_losses.c"
#include "nn/optimizer.c"
#include "nn/optimizer_sgd.c"
#include "nn/optimizer_rmsprop.c"
#include "nn/optimizer_adagrad.c"
#include "nn/optimizer_adam.c"
#include "nn/optimizer_nadam.c"
#include "nn/schedule.c"
#include "nn/schedule_constant.c"
#include "nn/schedule_step.c"
#include "nn/schedule_multi_step.c"
#include "nn/schedule_exponential.c"
#include "nn/schedule_cosine_annealing.c"
#include "nn/schedule_warm_restarts.c"
#include "nn/schedule_reduce_on_plateau.c"
#include "nn/schedule_one_cycle.c"
#include "nn/schedule_polynomial.c"

/* 3  data: tables, loaders, splits, batches */
#ifndef TL_FREESTANDING
#include "data/settings.c"
#include "data/date.c"
#include "data/words.c"
#include "data/feature.c"
#include "data/feature_lag.c"
#include "data/feature_rolling_mean.c"
#include "data/feature_rolling_std.c"
#include "data/feature_ema.c"
#include "data/feature_rate_of_change.c"
#include "data/feature_rsi.c"
#include "data/feature_macd.c"
#include "data/feature_bollinger.c"
#include "data/feature_calendar.c"
#include "data/feature_outliers.c"
#include "data/infer.c"
#include "data/csv_cells.c"
#include "data/table.c"
#include "data/store.c"
#include "data/window.c"
#include "data/stream.c"
#include "data/stream_array.c"
#include "data/loader.c"
#include "data/loader_csv.c"
#include "data/loader_json.c"
#include "data/loader_npy.c"
#include "data/loader_idx.c"
#include "data/pipeline.c"
#include "data/pipeline_tree.c"
#include "data/pipeline_fit.c"
#include "data/forecast.c"
#include "data/forecast_tree.c"
#include "data/forecast_roles.c"
#include "data/forecast_make.c"
#include "data/forecast_apply.c"
#include "data/series_grid.c"
#include "data/series.c"
#include "data/windows.c"
#include "data/split.c"
#include "data/roles.c"
#include "data/target.c"
#include "data/source.c"
#include "data/describe.c"
#include "data/gather.c"
#include "data/dataset.c"
#include "data/dataset_api.c"
#include "data/apply.c"
#include "data/order.c"
#include "data/batch.c"
#include "data/survey.c"
#include "data/prepare.c"
#endif

/* 4  model: a graph with weights */
#ifndef TL_FREESTANDING
#include "model/graph.c"
#include "model/build.c"
#include "model/arch.c"
#include "model/arch_mlp.c"
#include "model/model.c"
#include "model/file.c"
#include "model/transfer.c"
#include "model/predictor.c"
#endif
#include "model/place.c"

/* 5  train: the loop */
#ifndef TL_FREESTANDING
#include "train/settings.c"
#include "train/stopping.c"
#include "train/reserve.c"
#include "train/evaluate.c"
#include "train/ring.c"
#include "train/checkpoint.c"
#include "train/heads.c"
#include "train/bind.c"
#include "train/trainer.c"
#include "train/loop.c"
#include "train/score.c"
#include "train/api.c"
#endif

/* 6  lab: runs and commands */
#if !defined(TL_FREESTANDING) && !defined(TL_NO_LAB)
#include "lab/path.c"
#include "lab/config.c"
#include "lab/preset.c"
#include "lab/folder.c"
#include "lab/journal.c"
#include "lab/session.c"
#include "lab/figures.c"
#include "lab/explain.c"
#include "lab/search.c"
#include "lab/run.c"
#include "lab/command_configure.c"
#include "lab/command_data.c"
#include "lab/command_plan.c"
#include "lab/command_status.c"
#include "lab/command_metrics.c"
#include "lab/command_model.c"
#include "lab/command_evaluate.c"
#include "lab/command_predict.c"
#include "lab/command_optimize.c"
#endif
