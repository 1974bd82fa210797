/* Small trainings for tests: generated data, a network and a trainer, made in a line and freed in a line. */
#ifndef TESTS_SUPPORT_TRAININGS_H
#define TESTS_SUPPORT_TRAININGS_H

#include "train/train.h"

typedef struct training {
    tl_context *context;
    tl_dataset *data;
    tl_model *model;
    tl__arena arena;
    tl__tree *tree;
    tl__train_settings settings;
    tl__trainer_options options;
    tl__trainer *trainer;
} training;

/* Three classes of points around three centres, [rows, 2]; reproducible. */
void blobs(float *inputs, float *targets, size_t rows);

/* A context of one thread, blobs with a validation part, a network of one hidden layer of 8 and a trainer with these settings
 * ("epochs: 3, batch_size: 8"). folder: for checkpoints, or NULL. Fails the test on any mistake. */
void training_start(training *t, size_t rows, const char *network, const char *settings, const char *folder);
/* The same over data that is there already (kept by the caller) and its context. */
void training_over(training *t, tl_dataset *data, const char *network, const char *settings, const char *folder);
/* The same with these options, settings and seed excepted. */
void training_begin(training *t, tl_dataset *data, const char *network, const char *settings, tl__trainer_options options);
/* Trains and scores every part, in the memory of the plan to the byte; *scores: of the last part. */
void training_as_planned(training *t, tl_scores *scores);
/* Frees all but data that training_over was given. */
void training_end(training *t);

#endif
