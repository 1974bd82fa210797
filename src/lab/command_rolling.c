/* Rolling origin, of forecasts and of rows in the order of time: the test part is cut into pieces in time. Before each
 * piece the network is trained from the start on all steps before it, the last of them as validation part, with the
 * run's own settings and seed; statistics are fitted anew too. Nothing that is scored was seen. */
#include "lab/command_rolling.h"

#include "base/math.h"
#include "base/text.h"
#include "data/forecast.h"
#include "data/series.h"
#include "lab/session.h"

typedef struct rolling {
    tl__trained *trained;
    tl__builder builder;
    tl_value *list;
    size_t pieces, steps[TL__PARTS];   /* of the run's parts */
    double sum[2], squares[2];         /* of the pieces' mse and mae, or loss and accuracy */
    double naive;                      /* sum of the mae of repeating the last value */
    bool has_naive;
} rolling;

/* How many steps the run's own parts have. */
static tl_status rolling_parts(rolling *roll, tl_error *error)
{
    const tl__config *config = roll->trained->config;
    tl_dataset *data;
    TL_TRY(tl__dataset_load(roll->trained->context, &config->settings.data, config->folder,
                            (uint64_t)config->settings.seed, &data, error));
    const tl__forecast *forecast = roll->trained->model->pipeline->forecast;
    if (forecast) memcpy(roll->steps, data->source[0].series->parts, sizeof roll->steps);
    for (int p = 0; p < TL__PARTS && !forecast; p++) roll->steps[p] = tl_dataset_rows(data, (tl_part)p);
    tl_dataset_free(data);
    size_t each = roll->steps[TL_TEST] / roll->pieces, least = forecast ? forecast->horizon : 1;
    if (each >= least) return TL_OK;
    return tl__fail(error, TL_BAD_CONFIG, "%zu pieces of the test part's %zu steps have %zu steps each, fewer than the "
                    "%zu that are needed; ask for at most %zu pieces.", roll->pieces, roll->steps[TL_TEST], each, least,
                    roll->steps[TL_TEST] / least);
}

/* The parts up to piece `number`. */
static void rolling_split(rolling *roll, size_t number)
{
    tl__split_settings *split = &roll->trained->config->settings.data.split;
    size_t each = roll->steps[TL_TEST] / roll->pieces, first = number * each;
    size_t size = number + 1 == roll->pieces ? roll->steps[TL_TEST] - first : each;
    split->train = (double)(roll->steps[TL_TRAIN] + first);
    split->validation = (double)roll->steps[TL_VALIDATION];
    split->test = (double)size;
}

static void rolling_put_times(rolling *roll, tl_value *map, const tl_dataset *data)
{
    const tl__series *series = data->source[0].series;
    const tl__forecast *forecast = data->pipeline->forecast;
    const tl__part_rows *test = &data->part[TL_TEST];
    char text[40];
    tl__forecast_time(forecast, series->times[test->rows[0]], text);
    tl__put_text(&roll->builder, map, "from", text);
    tl__forecast_time(forecast, series->times[test->rows[test->count - 1] + forecast->horizon - 1], text);
    tl__put_text(&roll->builder, map, "to", text);
}

static tl_status rolling_score(rolling *roll, const tl__session *session, size_t number, tl_error *error)
{
    tl_scores scores;
    tl__train_result end;
    tl_value *map = tl__put_map(&roll->builder, roll->list, NULL);
    tl__trainer_result(session->trainer, &end);
    if (session->data->pipeline->forecast) rolling_put_times(roll, map, session->data);
    tl__put_integer(&roll->builder, map, "epochs", end.epochs);
    tl__put_integer(&roll->builder, map, "kept_epoch", end.kept_epoch);
    TL_TRY(tl__trainer_record(session->trainer, TL_TEST, &roll->builder, map, "test", &scores, error));
    bool classes = session->data->pipeline->classification;
    const double figures[2] = {classes ? scores.loss : scores.mse, classes ? scores.accuracy : scores.mae};
    for (int k = 0; k < 2; k++) {
        roll->sum[k] += figures[k];
        roll->squares[k] += figures[k] * figures[k];
    }
    tl__log_line(session->context, TL_LOG_INFO, "piece %zu/%zu  %s %.4g  %s %.4g", number + 1, roll->pieces,
                 classes ? "loss" : "mse", figures[0], classes ? "accuracy" : "mae", figures[1]);
    if (scores.repeat_last_mae == scores.repeat_last_mae) {
        roll->naive += scores.repeat_last_mae;
        roll->has_naive = true;
    }
    return TL_OK;
}

static tl_status rolling_piece(rolling *roll, size_t number, tl_error *error)
{
    tl__session session = {0};
    tl__trainer_options options = {.run = ""};
    rolling_split(roll, number);
    tl_status status = tl__session_open(roll->trained->context, roll->trained->config, NULL, &session, error);
    if (status == TL_OK) status = tl__session_transfer(&session, error);
    if (status == TL_OK) status = tl__session_train(&session, &options, error);
    if (status == TL_OK) status = tl__trainer_run(session.trainer, error);
    if (status == TL_OK) status = rolling_score(roll, &session, number, error);
    tl__session_close(&session);
    return status;
}

/* Mean and population deviation over the pieces. */
static void rolling_put_spread(rolling *roll, tl_value *root, const char *key, int k)
{
    tl_value *map = tl__put_map(&roll->builder, root, key);
    double count = (double)roll->pieces, mean = roll->sum[k] / count, spread = roll->squares[k] / count - mean * mean;
    tl__put_number(&roll->builder, map, "mean", mean);
    tl__put_number(&roll->builder, map, "std", tl__sqrt_d(spread > 0 ? spread : 0));
}

TL_PRIV bool tl__rolling_fits(const tl__trained *trained)
{
    const tl__split_settings *split = &trained->config->settings.data.split;
    return trained->model->pipeline->forecast || split->method == TL__SPLIT_TIME;
}

TL_PRIV tl_status tl__rolling(tl__trained *trained, const tl_options *options, tl__tree *tree, tl_error *error)
{
    rolling roll = {.trained = trained, .pieces = (size_t)options->rolling};
    if (!tl__rolling_fits(trained))
        return tl__fail(error, TL_INVALID, "--rolling goes on in time, and the rows of this model's data have no "
                        "order; data.task: forecast or data.split: {method: time} gives them one.");
    if (!trained->place.folder || options->data)
        return tl__fail(error, TL_INVALID, "--rolling trains on a run's own data; name a run folder, without --data.");
    bool classes = trained->model->pipeline->classification;
    TL_TRY(rolling_parts(&roll, error));
    tl__builder_init(&roll.builder, tree);
    tl_value *root = tl__put_map(&roll.builder, NULL, NULL);
    tl__put_text(&roll.builder, root, "run", trained->place.folder);
    roll.list = tl__put_list(&roll.builder, root, "rolling");
    for (size_t i = 0; i < roll.pieces; i++) TL_TRY(rolling_piece(&roll, i, error));
    rolling_put_spread(&roll, root, classes ? "loss" : "mse", 0);
    rolling_put_spread(&roll, root, classes ? "accuracy" : "mae", 1);
    if (roll.has_naive) tl__put_number(&roll.builder, root, "repeat_last_mae", roll.naive / (double)roll.pieces);
    return roll.builder.failed ? tl__fail_memory(error, 256) : TL_OK;
}
