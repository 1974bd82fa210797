/* The commands, in the order in which they are listed. CLI_COMMAND(name): command_name.c defines cli_command_name. */
CLI_COMMAND(prepare_data)
CLI_COMMAND(configure)
CLI_COMMAND(run)
CLI_COMMAND(status)
CLI_COMMAND(metrics)
CLI_COMMAND(evaluate)
CLI_COMMAND(predict)
CLI_COMMAND(optimize)
