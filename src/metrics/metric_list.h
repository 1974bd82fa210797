/* The metrics that have a name: X(name, other names, of classes, more is better, help). Their functions are in
 * metric.c. */
#ifndef TL_METRICS_METRIC_LIST_H
#define TL_METRICS_METRIC_LIST_H

#define TL__METRICS(X)                                                                                                \
    X(accuracy, "acc", true, true, "Share of rows whose class is predicted")                                          \
    X(balanced_accuracy, NULL, true, true, "Mean recall over the classes that occur")                                 \
    X(precision, "precision_macro", true, true, "Mean over the classes of TP / (TP + FP)")                            \
    X(recall, "recall_macro", true, true, "Mean over the classes of TP / (TP + FN)")                                  \
    X(f1, "f1_macro", true, true, "Mean over the classes of 2 TP / (2 TP + FP + FN)")                                 \
    X(precision_weighted, NULL, true, true, "Precision, classes weighted by their rows")                              \
    X(recall_weighted, NULL, true, true, "Recall, classes weighted by their rows")                                    \
    X(f1_weighted, NULL, true, true, "F1, classes weighted by their rows")                                            \
    X(auc, "roc_auc", true, true, "Area under the ROC curve; more than two classes: mean of one against the rest")    \
    X(average_precision, "pr_auc", true, true, "Mean over the classes (two: of class 1) of the average precision")    \
    X(log_loss, NULL, true, false, "Mean of -log of the true class's probability")                                    \
    X(brier, NULL, true, false, "Mean squared error of the probabilities (two classes: of class 1)")                  \
    X(mcc, "matthews", true, true, "Matthews correlation coefficient (Gorodkin 2004)")                                \
    X(kappa, "cohen_kappa", true, true, "Cohen's kappa: agreement beyond chance")                                     \
    X(recognition_rate, NULL, true, true, "Mean recall over the classes other than data.background_class")            \
    X(false_positive_rate, NULL, true, false, "Mean over the classes of FP / (FP + TN)")                              \
    X(confidence, "prediction_confidence_avg", true, true, "Mean top probability")                                    \
    X(entropy, "prediction_entropy", true, false, "Mean entropy of the probabilities, in nats")                       \
    X(calibration_error, "ece", true, false, "Expected calibration error of the top probability, 15 bins")            \
    X(mse, "mean_squared_error", false, false, "Mean squared error")                                                  \
    X(mae, "mean_absolute_error", false, false, "Mean absolute error")                                                \
    X(rmse, NULL, false, false, "Root of the mean squared error")                                                     \
    X(r2, NULL, false, true, "Share of the variance that is explained, mean over the targets")                        \
    X(explained_variance, NULL, false, true, "1 - variance of the errors / variance of the target")                   \
    X(mape, NULL, false, false, "Mean of |error| / |truth|, a fraction")                                              \
    X(smape, NULL, false, false, "200 * mean of |error| / (|truth| + |prediction|), percent")                         \
    X(wape, NULL, false, false, "Sum of |error| / sum of |truth|")                                                    \
    X(mase, NULL, false, false, "Mean absolute error / that of repeating the value one season ago in training")       \
    X(max_error, NULL, false, false, "Largest absolute error")                                                        \
    X(median_error, NULL, false, false, "Median absolute error")                                                      \
    X(pearson, NULL, false, true, "Correlation of truth and prediction, mean over the targets")                       \
    X(coverage, NULL, false, true, "Share of the truth within the predicted interval")                                \
    X(direction, "directional_accuracy", false, true,                                                                 \
      "Share of rows whose change since the row before has the right sign")

#endif
