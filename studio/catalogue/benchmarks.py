"""What is said of benchmarks: why one is not asked, and where its rows may come from."""

BENCHMARK_CLAUSES: dict[str, str] = {
    "benchmark.not_installed": "Benchmarks need lm-evaluation-harness, which is not installed (240 MB). "
    "Install it with: {command}",
    "benchmark.none_named": "No benchmark was named. Name some with --tasks, such as mmlu,arc_challenge.",
    "benchmark.unknown": "There is no task named {task} in lm-evaluation-harness. `lm_eval ls tasks` lists "
    "them; a task of your own is named by the path of its .yaml file.",
    "benchmark.no_file": "There is no task file at {file}. Name one that exists.",
    "benchmark.no_task_file": "{file} describes no task of lm-evaluation-harness: it has no line “task:”. "
    "Add one, or name another file.",
    "benchmark.a_program": "The task {task} is a program and not a description, so it fetches its rows by "
    "itself and cannot be asked here. Choose another.",
    "benchmark.runs_code": "The task {task} runs code that the model writes, which is not done here. Choose "
    "another.",
    "benchmark.own_code": "{file} names Python functions, which would be run. Read them, and where you trust "
    "them, ask again with --task-code.",
    "benchmark.not_text": "The task {task} asks about pictures or sound, and this model reads text. Choose "
    "another.",
    "benchmark.unusable": "The task {task} cannot be used: {fault}.",
    "benchmark.shots": "{task} cannot be asked behind {shots} solved examples ({fault}). Ask behind fewer, "
    "with --shots.",
    "benchmark.no_rows": "The rows of {task} ({dataset}) are not on this computer: {fault:clause}. Let them "
    "be fetched from the Hub with --download, or put them into a folder as {task}/SPLIT.jsonl and name it "
    "with --benchmark-rows.",
    "benchmark.no_difference": "{metric} of {task} is a figure of all rows together; it stands in the table, "
    "without a difference row by row.",
    "benchmark.bad_rows": "{file} cannot be read ({fault}). It must hold one JSON object in each line.",
    "benchmark.no_splits": "{folder} holds no .jsonl file. Name each after a split, such as test.jsonl.",
}

APPROACHES: dict[str, str] = {
    "approach.unknown": "There is no approach called {name}. These are the approaches: {names}.",
    "approach.no_rows": "What {name} shows comes from the rows that a run kept, and there are none here. "
    "Choose a run of this release, or ask without it.",
    "approach.table": "Quality and cost of each approach",
    "approach.passages": "Passages that were read, and those that answers name",
    "approach.take": "Take this: {chosen}",
    "approach.stay": "Stay with this: {plain}. Nothing was clearly better on these questions",
    "approach.too_few": "{questions} are too few to recommend an approach",
    "approach.best": "{best} does best: {share} of {questions} questions right.",
    "approach.beaten": "{title} reaches {share}: {best} is better by {points} points ({low} "
    "to {high} at 95 %).",
    "approach.as_good": "{chosen} reaches {share}, and that {best} is better is not clear on these "
    "questions; it takes less effort.",
    "approach.cost": "An answer of {chosen} takes {tokens} tokens read and written, and {seconds} s; of "
    "{plain} {plain_tokens} tokens and {plain_seconds} s.",
}
"""What is said of other ways to better answers than tuning."""
