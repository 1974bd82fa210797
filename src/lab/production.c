/* The rows of `production:`. */
#include "lab/production.h"

TL_PRIV const tl__field *tl__production_rows(void)
{
#define ROW(field) .name = #field, .offset = offsetof(tl__production_settings, field)
    static const tl__field rows[] = {
        {ROW(price), .kind = TL__FIELD_TEXT,
         .help = "Column of prices for the back-test; not given: what a forecast of one series forecasts"},
        {ROW(positions), .kind = TL__FIELD_TREE,
         .help = "What to hold when a class is predicted, {up: 1, down: -1}; not given: by names such as buy and sell"},
        {ROW(cost), .kind = TL__FIELD_FLOAT, .fallback = 0.001, .min = 0, .max = 1,
         .help = "Share of the traded value that a trade costs"},
        {ROW(band), .kind = TL__FIELD_FLOAT, .min = 0, .max = 1,
         .help = "Relative change that is too small to be traded"},
        {ROW(steps_of_year), .kind = TL__FIELD_FLOAT, .fallback = 252, .min = 1, .max = 1e7, .unit = "steps",
         .help = "Rows that make a year, for the Sharpe ratio"},
        {ROW(sharpe), .kind = TL__FIELD_FLOAT, .fallback = 1, .min = -1000, .max = 1000,
         .help = "Threshold: the back-test's Sharpe ratio must be above"},
        {ROW(largest_loss), .kind = TL__FIELD_FLOAT, .fallback = 0.25, .min = 0, .max = 1,
         .help = "Threshold: the deepest drawdown under stress may be so much of the capital"},
        {ROW(latency), .kind = TL__FIELD_FLOAT, .fallback = 10, .min = 0, .max = 1e6, .unit = "ms",
         .help = "Threshold: 99 of 100 predictions of one row must take less"},
        {ROW(consistency), .kind = TL__FIELD_FLOAT, .fallback = 0.95, .min = 0, .max = 1,
         .help = "Threshold: the share of rows whose class or sign stays under noise must be above"},
        {ROW(mae), .kind = TL__FIELD_FLOAT, .flags = TL__AUTO, .fallback = -1, .min = 0, .max = 1e30,
         .help = "Threshold: walk-forward mean absolute error; auto: below that of repeating the last value"},
        {ROW(accuracy), .kind = TL__FIELD_FLOAT, .flags = TL__AUTO, .fallback = -1, .min = 0, .max = 1,
         .help = "Threshold: walk-forward mean accuracy must be above; auto: that of the most frequent class"},
        {ROW(splits), .kind = TL__FIELD_INT, .fallback = 5, .min = 1, .max = 1000, .unit = "pieces",
         .help = "Walk-forward: trained anew before each of so many pieces of the test part"},
        {ROW(draws), .kind = TL__FIELD_INT, .fallback = 10, .min = 1, .max = 10000,
         .help = "Consistency: draws of noise"},
        {ROW(noise), .kind = TL__FIELD_FLOAT, .fallback = 0.01, .min = 0, .max = 10,
         .help = "Consistency: noise as a share of each input's standard deviation"},
        {.name = NULL}};
#undef ROW
    return rows;
}
