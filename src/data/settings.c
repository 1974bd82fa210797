/* The rows of the data: block. */
#include "data/settings.h"

#define SETTINGS_AT(member) offsetof(tl__data_settings, member)
#define SETTINGS_SPLIT_AT(member) offsetof(tl__split_settings, member)

static const char *const settings_tasks[] = {"auto", "classification", "regression", "forecast", NULL};
static const char *const settings_methods[] = {"auto", "stratified", "random", "time", "kfold", "forward", NULL};
static const char *const settings_normalize[] = {"standard", "minmax", "robust", "none", NULL};
static const char *const settings_missing[] = {"fail", "drop", "mean", "median", "forward", "constant", NULL};
static const char *const settings_streaming[] = {"auto", "true", "false", NULL};
static const char *const settings_header[] = {"auto", "true", "false", NULL};

static const char *const settings_scaling[] = {"auto", "whole", "series", NULL};

#define SETTINGS_WINDOW_AT(member) offsetof(tl__window_settings, member)
static const tl__field settings_window_rows[] = {
    {.name = "input_size", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__TUNE,
     .offset = SETTINGS_WINDOW_AT(input_size), .fallback = 168, .min = 1, .max = 1e6, .unit = "steps",
     .help = "Steps of the past that a forecast sees"},
    {.name = "horizon", .kind = TL__FIELD_INT, .flags = TL__RESULT, .offset = SETTINGS_WINDOW_AT(horizon),
     .fallback = 24, .min = 1, .max = 1e6, .unit = "steps", .help = "Steps that are forecast at once"},
    {.name = "stride", .kind = TL__FIELD_INT, .flags = TL__RESULT, .offset = SETTINGS_WINDOW_AT(stride), .fallback = 1,
     .min = 1, .max = 1e6, .unit = "steps",
     .help = "Steps from one training window to the next; validation and test use every window"},
    {.name = NULL}};
#undef SETTINGS_WINDOW_AT

static const char *const settings_keep[] = {"last", "first", NULL};

#define SETTINGS_SEQUENCE_AT(member) offsetof(tl__sequence_settings, member)
static const tl__field settings_sequence_rows[] = {
    {.name = "id", .kind = TL__FIELD_TEXT, .flags = TL__RESULT, .offset = SETTINGS_SEQUENCE_AT(id),
     .help = "Column that names the sequence of each row; files without it are one sequence each and get it: the name "
             "of the file, or what * stands for in data.file"},
    {.name = "table", .kind = TL__FIELD_TREE, .flags = TL__RESULT | TL__PATH, .offset = SETTINGS_SEQUENCE_AT(table),
     .help = "File, or list of files, with one row for each sequence: its id (in the column of that name, else the "
             "first) and its target, group, weight or inputs; columns that no setting names are not read"},
    {.name = "max_length", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__AUTO,
     .offset = SETTINGS_SEQUENCE_AT(max_length), .fallback = 0, .min = 1, .max = 1e7, .unit = "steps",
     .help = "Most steps of a sequence that the network sees; auto: all of the longest in data.file"},
    {.name = "keep", .kind = TL__FIELD_CHOICE, .flags = TL__RESULT, .offset = SETTINGS_SEQUENCE_AT(keep),
     .choices = settings_keep, .help = "Which steps of a longer sequence count: its last or its first"},
    {.name = NULL}};
#undef SETTINGS_SEQUENCE_AT

static const tl__field settings_covariate_rows[] = {
    {.name = "past", .kind = TL__FIELD_TEXT_LIST, .flags = TL__RESULT,
     .offset = offsetof(tl__covariate_settings, past),
     .help = "Columns that are inputs beside the targets; not given: data.inputs, else all that have no other role"},
    {.name = "future", .kind = TL__FIELD_TEXT_LIST, .flags = TL__RESULT,
     .offset = offsetof(tl__covariate_settings, future),
     .help = "Columns whose values are known ahead, also for the steps to forecast: prices set, holidays"},
    {.name = NULL}};

static const tl__field settings_split_rows[] = {
    {.name = "method", .kind = TL__FIELD_CHOICE, .flags = TL__RESULT, .offset = SETTINGS_SPLIT_AT(method),
     .choices = settings_methods,
     .help = "How rows are divided; auto: stratified for classes, random else; kfold and forward: folds, forward in "
             "the order of time: each fold is judged by a model of what comes before it"},
    {.name = "train", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__AUTO, .offset = SETTINGS_SPLIT_AT(train),
     .fallback = -1, .min = 0, .max = 4294967295.0, .unit = "fraction or rows",
     .help = "Training part: below 1 a fraction, from 1 on a number of rows; auto: all that the others leave"},
    {.name = "validation", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__AUTO,
     .offset = SETTINGS_SPLIT_AT(validation), .fallback = -1, .min = 0, .max = 4294967295.0, .unit = "fraction or rows",
     .help = "Validation part, as train; auto: 0.2. With folds the fold is it where there is a test part; else it is "
             "taken from the rows outside the fold; auto: 0",
     .aliases = "training.validation_split data.validation_split"},
    {.name = "test", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__AUTO, .offset = SETTINGS_SPLIT_AT(test),
     .fallback = -1, .min = 0, .max = 4294967295.0, .unit = "fraction or rows",
     .help = "Test part, as train; auto: 0.2, or 0 where data.test_file is given. It is set apart before folds are "
             "made; for one fold of many auto is 0: the fold is the test part",
     .aliases = "training.test_split data.test_split"},
    {.name = "folds", .kind = TL__FIELD_INT, .flags = TL__RESULT, .offset = SETTINGS_SPLIT_AT(folds), .fallback = 10,
     .min = 2, .max = 1000, .unit = "folds", .help = "Number of folds",
     .aliases = "n_folds training.n_folds data.n_folds folds.n_folds data.split.n_folds"},
    {.name = "fold", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__AUTO, .offset = SETTINGS_SPLIT_AT(fold),
     .fallback = 0, .min = 1, .max = 1000,
     .help = "One fold to train for, counted from 1; auto: a model for each of them"},
    {.name = "stratified", .kind = TL__FIELD_BOOL, .flags = TL__RESULT, .offset = SETTINGS_SPLIT_AT(stratified),
     .fallback = 1, .help = "With kfold and classes: every fold has the classes in their proportions",
     .aliases = "stratified training.stratified folds.stratified"},
    {.name = "group", .kind = TL__FIELD_TEXT, .flags = TL__RESULT, .offset = SETTINGS_SPLIT_AT(group),
     .help = "A column whose rows of one value stay together in one part; it is not an input"},
    {.name = "seed", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__AUTO, .offset = SETTINGS_SPLIT_AT(seed),
     .fallback = -1, .min = 0, .max = 9007199254740992.0, .help = "Seed of the split; auto: the run's seed"},
    {.name = NULL}};

#define SETTINGS_IMAGE_AT(member) offsetof(tl__image_settings, member)
static const tl__field settings_image_rows[] = {
    {.name = "height", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__AUTO, .offset = SETTINGS_IMAGE_AT(height),
     .fallback = -1, .min = 1, .max = 65536, .unit = "pixels",
     .help = "Height that every picture is brought to; auto: all have that of the first"},
    {.name = "width", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__AUTO, .offset = SETTINGS_IMAGE_AT(width),
     .fallback = -1, .min = 1, .max = 65536, .unit = "pixels",
     .help = "Width that every picture is brought to; auto: all have that of the first"},
    {.name = "channels", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__AUTO, .offset = SETTINGS_IMAGE_AT(channels),
     .fallback = -1, .min = 1, .max = 4,
     .help = "1: grey, 3: red, green and blue, 4: with transparency; auto: 3 if the first picture has colours, else 1"},
    {.name = "scaling", .kind = TL__FIELD_CHOICE, .flags = TL__RESULT | TL__TUNE, .offset = SETTINGS_IMAGE_AT(scaling),
     .choices = (const char *const[]){"whole", "channel", NULL},
     .help = "Of images from any file, [height, width, channels]: whole: data.normalize is fitted over all values, "
             "channel: for each channel by itself"},
    {.name = "column", .kind = TL__FIELD_TEXT, .flags = TL__RESULT, .offset = SETTINGS_IMAGE_AT(column),
     .help = "Column of a table with the paths of pictures, from the table's folder on; the pictures take its place"},
    {.name = NULL}};

#define SETTINGS_AUGMENT_AT(member) offsetof(tl__augment_settings, member)
static const tl__field settings_augment_rows[] = {
    {.name = "flip_horizontal", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__TUNE,
     .offset = SETTINGS_AUGMENT_AT(flip_horizontal), .fallback = 0, .min = 0, .max = 1, .unit = "probability",
     .tune = "[0, 0.5]",
     .help = "How often an image is mirrored, left for right, in a training batch"},
    {.name = "flip_vertical", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__TUNE,
     .offset = SETTINGS_AUGMENT_AT(flip_vertical), .fallback = 0, .min = 0, .max = 1, .unit = "probability",
     .tune = "[0, 0.5]",
     .help = "How often an image is turned upside down in a training batch"},
    {.name = "shift", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__TUNE, .offset = SETTINGS_AUGMENT_AT(shift),
     .fallback = 0, .min = 0, .max = 65536, .unit = "pixels",
     .tune = "{min: 0, max: 4}",
     .help = "Move an image by at most so many pixels each way; its edges are drawn out"},
    {.name = "crop_padding", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__TUNE,
     .offset = SETTINGS_AUGMENT_AT(crop_padding), .fallback = 0, .min = 0, .max = 65536, .unit = "pixels",
     .tune = "{min: 0, max: 4}",
     .help = "Put a black border of so many pixels around an image and cut a random part of its size out"},
    {.name = NULL}};

static const tl__field settings_rows[] = {
    {.name = "file", .kind = TL__FIELD_TREE, .flags = TL__RESULT | TL__PATH, .offset = SETTINGS_AT(file),
     .help = "File with the rows (csv, json, npy, idx; .gz too), a list of files, all files of a name with one * in "
             "it, {images: file, labels: file}, or a folder of pictures (png, pgm, ppm) in folders named as their "
             "classes"},
    {.name = "test_file", .kind = TL__FIELD_TREE, .flags = TL__RESULT | TL__PATH, .offset = SETTINGS_AT(test_file),
     .help = "File with the test part, in the same forms; takes the place of split.test"},
    {.name = "format", .kind = TL__FIELD_TEXT, .flags = TL__RESULT, .offset = SETTINGS_AT(format), .text = "auto",
     .help = "Format of the files: csv, json, npy, idx, image; auto: by content and name"},
    {.name = "target", .kind = TL__FIELD_TEXT_LIST, .flags = TL__RESULT, .offset = SETTINGS_AT(target), .text = "[-1]",
     .help = "Column or columns to learn, by name or position (0 is the first, -1 the last); of a forecast also all"},
    {.name = "task", .kind = TL__FIELD_CHOICE, .flags = TL__RESULT, .offset = SETTINGS_AT(task),
     .choices = settings_tasks,
     .help = "auto: classification when the target is text or has few different whole numbers, else regression"},
    {.name = "class_targets", .kind = TL__FIELD_TEXT_LIST, .flags = TL__RESULT, .offset = SETTINGS_AT(class_targets),
     .help = "Those of the targets that are classes and not numbers, each for a head of its own; not given: those of "
             "heads whose loss is one of classes"},
    {.name = "inputs", .kind = TL__FIELD_TEXT_LIST, .flags = TL__RESULT, .offset = SETTINGS_AT(inputs),
     .help = "Columns to learn from; not given: all that have no other role"},
    {.name = "drop", .kind = TL__FIELD_TEXT_LIST, .flags = TL__RESULT, .offset = SETTINGS_AT(drop),
     .help = "Columns to leave out"},
    {.name = "time", .kind = TL__FIELD_TEXT, .flags = TL__RESULT, .offset = SETTINGS_AT(time),
     .help = "Column that orders the rows in time, for split.method time, and the steps of a sequence; not given: the "
             "order of the file"},
    {.name = "sequence", .kind = TL__FIELD_BLOCK, .flags = TL__RESULT, .offset = SETTINGS_AT(sequence),
     .rows = settings_sequence_rows,
     .help = "Rows that are steps of sequences of unequal length, which are learned and predicted as a whole: parts, "
             "batches and results count sequences, and the target is one for each"},
    {.name = "series", .kind = TL__FIELD_TEXT, .flags = TL__RESULT, .offset = SETTINGS_AT(series),
     .help = "Of a forecast: column that names the series of each row; not given: a row holds one step of all series"},
    {.name = "window", .kind = TL__FIELD_BLOCK, .flags = TL__RESULT, .offset = SETTINGS_AT(window),
     .rows = settings_window_rows, .help = "Of a forecast: how many steps it sees and gives"},
    {.name = "covariates", .kind = TL__FIELD_BLOCK, .flags = TL__RESULT, .offset = SETTINGS_AT(covariates),
     .rows = settings_covariate_rows, .help = "Of a forecast: inputs beside the targets"},
    {.name = "calendar", .kind = TL__FIELD_TEXT_LIST, .flags = TL__RESULT, .offset = SETTINGS_AT(calendar),
     .help = "Of a forecast: units of data.time as inputs, known ahead: minute, hour, weekday, day, yearday, week, "
             "month"},
    {.name = "features", .kind = TL__FIELD_TREE, .flags = TL__RESULT, .offset = SETTINGS_AT(features),
     .aliases = "features",
     .help = "Of a forecast: inputs computed from its columns, by name or {type: name, of: [columns], ...}; not "
             "given: none"},
    {.name = "scaling", .kind = TL__FIELD_CHOICE, .flags = TL__RESULT, .offset = SETTINGS_AT(scaling),
     .choices = settings_scaling,
     .help = "Of a forecast: statistics of data.normalize for each series, or for all together; auto: for each where "
             "data.series is given"},
    {.name = "season", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__AUTO, .offset = SETTINGS_AT(season),
     .fallback = 0, .min = 1, .max = 1e6, .unit = "steps",
     .help = "Of a forecast: steps of a period, for the seasonal naive forecast beside every figure; auto: by the "
             "distance of the steps (hours: 24, days: 7, months: 12)"},
    {.name = "weight", .kind = TL__FIELD_TEXT, .flags = TL__RESULT, .offset = SETTINGS_AT(weight),
     .help = "Column with the weight of each row in the loss; it is not an input"},
    {.name = "classes", .kind = TL__FIELD_TEXT_LIST, .flags = TL__RESULT, .offset = SETTINGS_AT(classes),
     .help = "The classes in the order wanted; rows of other classes are left out; not given: all, sorted"},
    {.name = "positive_class", .kind = TL__FIELD_TEXT, .flags = TL__RESULT, .offset = SETTINGS_AT(positive_class),
     .help = "The class that AUC, precision and thresholds are about; not given: the second of two"},
    {.name = "background_class", .kind = TL__FIELD_TEXT, .flags = TL__RESULT,
     .offset = SETTINGS_AT(background_class), .help = "The class that means 'nothing found', left out of recognition "
                                                      "rates"},
    {.name = "skip_rows", .kind = TL__FIELD_INT, .flags = TL__RESULT, .offset = SETTINGS_AT(skip_rows), .fallback = 0,
     .min = 0, .max = 1000000000, .unit = "lines", .help = "Lines at the start of a csv file that are not read"},
    {.name = "header", .kind = TL__FIELD_CHOICE, .flags = TL__RESULT, .offset = SETTINGS_AT(header),
     .choices = settings_header,
     .help = "Does the first row hold names? auto: yes when it has text above a column of numbers or dates"},
    {.name = "separator", .kind = TL__FIELD_TEXT, .flags = TL__RESULT, .offset = SETTINGS_AT(separator), .text = "auto",
     .help = "What stands between cells: one character, or tab, space (any run of blanks); auto: , ; tab or |"},
    {.name = "decimal", .kind = TL__FIELD_TEXT, .flags = TL__RESULT, .offset = SETTINGS_AT(decimal), .text = ".",
     .help = "The decimal mark of numbers: . or ,"},
    {.name = "quote", .kind = TL__FIELD_TEXT, .flags = TL__RESULT, .offset = SETTINGS_AT(quote), .text = "\"",
     .help = "The quoting character: \" or ', or none"},
    {.name = "trim", .kind = TL__FIELD_BOOL, .flags = TL__RESULT, .offset = SETTINGS_AT(trim), .fallback = 1,
     .help = "Drop blanks around cells that are not quoted"},
    {.name = "missing_marks", .kind = TL__FIELD_TEXT_LIST, .flags = TL__RESULT, .offset = SETTINGS_AT(missing_marks),
     .text = "['', '?', NA, N/A, NaN, nan, 'NULL', 'null']",
     .help = "Cells that mean 'missing', exactly as written; an empty cell always does"},
    {.name = "types", .kind = TL__FIELD_TREE, .flags = TL__RESULT, .offset = SETTINGS_AT(types),
     .help = "Types that columns must have, {column: number | integer | category | date}; not given: found out"},
    {.name = "limit", .kind = TL__FIELD_INT, .flags = TL__RESULT, .offset = SETTINGS_AT(limit), .fallback = 0, .min = 0,
     .max = 4294967295.0, .unit = "rows", .help = "Read at most this many rows; 0: all"},
    {.name = "image", .kind = TL__FIELD_BLOCK, .flags = TL__RESULT, .offset = SETTINGS_AT(image),
     .rows = settings_image_rows, .help = "How picture files become rows"},
    {.name = "missing", .kind = TL__FIELD_CHOICE, .flags = TL__RESULT, .offset = SETTINGS_AT(missing),
     .choices = settings_missing,
     .help = "What becomes of missing cells: fail, drop the row, or fill with the training part's mean or median (of "
             "texts the commonest), the last value before it, or missing_value"},
    {.name = "missing_value", .kind = TL__FIELD_TEXT, .flags = TL__RESULT, .offset = SETTINGS_AT(missing_value),
     .text = "0", .help = "What missing cells become with missing: constant; in a text column a category of that name"},
    {.name = "max_categories", .kind = TL__FIELD_INT, .flags = TL__RESULT, .offset = SETTINGS_AT(max_categories),
     .fallback = 256, .min = 1, .max = 1000000, .unit = "words",
     .help = "Most different texts that a text column may have to be used as categories"},
    {.name = "normalize", .kind = TL__FIELD_CHOICE, .flags = TL__RESULT | TL__TUNE, .offset = SETTINGS_AT(normalize),
     .choices = settings_normalize,
     .help = "Scaling of number columns (of a forecast, its targets too), fitted on the training part: standard (mean "
             "0, deviation 1), minmax (0 to 1), robust (median 0, quartile distance 1), none"},
    {.name = "normalize_target", .kind = TL__FIELD_CHOICE, .flags = TL__RESULT | TL__TUNE,
     .offset = SETTINGS_AT(normalize_target), .choices = settings_normalize,
     .help = "Scaling of the targets of a regression while they are learned; results are in their own unit"},
    {.name = "split", .kind = TL__FIELD_BLOCK, .flags = TL__RESULT, .offset = SETTINGS_AT(split),
     .rows = settings_split_rows, .help = "How the rows become training, validation and test part"},
    {.name = "augment", .kind = TL__FIELD_BLOCK, .flags = TL__RESULT, .offset = SETTINGS_AT(augment),
     .rows = settings_augment_rows,
     .help = "Changes of images, drawn from the seed anew for each image and epoch; of training batches only"},
    {.name = "shuffle", .kind = TL__FIELD_BOOL, .flags = TL__RESULT, .offset = SETTINGS_AT(shuffle), .fallback = 1,
     .help = "Train in another order each epoch, drawn from the seed"},
    {.name = "shuffle_block", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__AUTO,
     .offset = SETTINGS_AT(shuffle_block), .fallback = 0, .min = 1, .max = 4294967295.0, .unit = "rows",
     .help = "Rows that are mixed with each other at a time, taken from 16 places of the file; auto: all, or what "
             "memory_limit allows when the data is streamed"},
    {.name = "streaming", .kind = TL__FIELD_CHOICE, .flags = 0, .offset = SETTINGS_AT(streaming),
     .choices = settings_streaming,
     .help = "Leave the rows on disk and read them window by window; auto: when the files are larger than "
             "memory_limit"},
    {.name = "memory_limit", .kind = TL__FIELD_INT, .flags = 0, .offset = SETTINGS_AT(memory_limit), .fallback = 0,
     .min = 0, .max = 1073741824, .unit = "MiB",
     .help = "Files that are larger are streamed, and shuffle_block: auto is what a quarter of it holds; 0: no limit"},
    {.name = "cache_folder", .kind = TL__FIELD_TEXT, .flags = 0, .offset = SETTINGS_AT(cache_folder),
     .help = "Where streamed files are kept as rows, to be used again; not given: cache in the output folder"},
    {.name = "workers", .kind = TL__FIELD_INT, .flags = 0, .offset = SETTINGS_AT(workers), .fallback = 1, .min = 0,
     .max = 1024, .unit = "threads",
     .help = "0: batches are made when they are needed; else a thread makes them ahead where that pays",
     .aliases = "data.num_workers training.num_workers training.workers"},
    {.name = "cache", .kind = TL__FIELD_INT, .flags = 0, .offset = SETTINGS_AT(cache), .fallback = 16, .min = 0,
     .max = 1048576, .unit = "MiB", .help = "Keep the prepared inputs of a part in memory when they are no larger"},
    {.name = NULL}};

TL_PRIV const tl__field *tl__data_rows(void) { return settings_rows; }

#undef SETTINGS_AT
#undef SETTINGS_SPLIT_AT
#undef SETTINGS_IMAGE_AT
#undef SETTINGS_AUGMENT_AT
