"""Why a recipe cannot be carried out, a run or a sweep not be read or begun, and training not go on."""

RUNS: dict[str, str] = {
    # Recipes.
    "recipe.no_field": "The recipe has no field called {name}. `studio train --help` lists them.",
    "recipe.near_field": "The recipe has no field called {name}. Did you mean {near}?",
    "recipe.group": "{name} cannot be {given}: it is a group of fields.",
    "recipe.itself": "The recipe",
    "recipe.missing": "There is no recipe at {file}.",
    "recipe.unreadable": "{file} cannot be read as a recipe: {fault}.",
    "recipe.in_file": "{file}: {fault}",
    "recipe.of_stages": "This is a recipe in stages, which cannot be opened as one. `studio train` "
    "carries it out: name its file in place of a dataset.",
    # Stages.
    "stages.none": "It has no stages. Begin each with a line [[stage]], or name a dataset to train on.",
    "stages.name_twice": "Two stages are called {name}. Give each a name of its own.",
    "stages.at_fault": "Stage {name}: {fault}",
    "stages.other_model": "Stage {name} names a model of its own, and stages train one model, each what the "
    "one before has made of it. Name the model once, before the first [[stage]].",
    "stages.own_parent": "Stage {name} names what it goes on from, and that is always the stage before it. "
    "Take base.adapter out, or put it before the first [[stage]].",
    "stages.no_dataset": "Stage {name} names no dataset. Give it a data.path.",
    "stages.dataset_missing": "Stage {name}: there is no dataset at {path}.",
    "stages.recipe": "{file} is a recipe in stages itself. Leave --recipe out, and write its fields there.",
    "stages.name_taken": "There is a staged recipe called {name} already, with other stages. Choose another "
    "--name, or go on with it: studio resume {name}",
    # Sweeps.
    "sweep.too_many": "This grid has {count:,} runs, and a sweep takes at most {most}. Leave some "
    "values out.",
    "sweep.no_field": "A sweep needs a field to go over. {form}.",
    "sweep.over_datasets": "A sweep compares runs on one dataset, so it cannot go over Dataset. Start a "
    "sweep for each.",
    "sweep.field_twice": "{title} ({name}) is given twice. Put its values together.",
    "sweep.cannot_run": "{name} cannot run. {problems}",
    "sweep.no_values": "{form}; {text} has no values.",
    "sweep.quote": "The values of {text} cannot be read: a double quote is amiss.",
    "sweep.empty_value": '{text} has an empty value. Write "auto" for what is chosen for you.',
    "sweep.twice": "{name} is asked for twice. Leave one of the equal values out.",
    "sweep.twins": "{one} and {other} would be the same run, as {resting} has no effect in them. Leave one "
    "of them out.",
    "sweep.other_dataset": "The dataset has changed since the sweep {name} began, so its runs could not be "
    "compared. Put the earlier file back, or start a sweep with another --name.",
    "sweep.no_loss": "No run of the search {name} came to a validation loss, so there is nothing to go on "
    "with. Look at its runs, and start another search.",
    "sweep.nothing_held_out": "A search compares validation losses, and no rows are held out for validation. "
    "Set a Validation share, or bring a validation file.",
    "sweep.damaged": "{file} does not describe a sweep ({fault}).",
    "sweep.names_no_runs": "it names no runs",
    "sweep.others": "There is no sweep called {name}. There are: {names}.{damaged}",
    "sweep.none_yet": "There is no sweep called {name}. There are none yet; `studio sweep` makes one."
    "{damaged}",
    # Runs.
    "run.others": "There is no run called {name}. There are: {names}.",
    "run.none_yet": "There is no run called {name}. There are no runs yet; `studio train` makes one.",
    "run.missing": "There is no run called {name} in {folder}.",
    "run.name_taken": "There is a run called {name} already. Choose another name.",
    "run.of_sweep": "{name} belongs to the sweep {sweep}, which knows its runs by their names.",
    "run.too_many": "There are too many runs called {name}; choose another name.",
    "run.no_date": "{file} names no date: {stated}.",
    "run.no_group": "{file} is damaged: the recipe's {name} is no group of fields.",
    "run.no_manifest": "{folder} is not a run: it has no run.json.",
    "run.no_recipe": "{file} does not describe a run: it has no recipe.",
    "run.in_use": "The run {name} is in use, here or in another copy of Tuning Studio. Stop it there first, "
    "or start a new run.",
    "run.interrupted": "It ended without a word: the app or the Mac went down. Resume it from its last "
    "checkpoint.",
    "run.line_damaged": "Line {line:,} of events.jsonl cannot be read and is left out.",
    "run.lines_damaged": "Line {line:,} and {more:,} more of events.jsonl cannot be read and is left out.",
    "run.unreadable": "{folder} cannot be read ({fault}).",
    # What a run goes on from.
    "parent.missing": "There is no run and no folder called {name} to go on from. Name a run as "
    "`studio runs` lists it, or a folder with an adapter; or empty the field Goes on from.",
    "parent.no_adapter": "{folder} holds no adapter to go on from ({files}). Train that run to its first "
    "checkpoint, or name another run or folder.",
    "parent.changed": "What {name} goes on from has changed since ({folder} is another adapter by now). "
    "Put the earlier one back, or start a new run.",
    "parent.none": "The run {name} goes on from no other: compare it with the original model.",
    "parent.gone": "What {name} goes on from is no longer in its folder: {folder} is missing. Put it back "
    "from a copy, or start a new run.",
    # Checkpoints, and what a run trains.
    "recipe.no_dataset": "The recipe names no dataset. Choose one first.",
    "recipe.contradicts_itself": "{problems}",
    "checkpoint.other_recipe": "The checkpoint {folder} was made with another recipe or model than run.json "
    "says.",
    "checkpoint.other_optimizer": "The saved optimizer state was made with another recipe than run.json "
    "says.",
    "checkpoint.damaged": "The checkpoint {folder} is damaged ({fault}). Delete that folder; the run then "
    "resumes from the one before.",
    "checkpoint.value": "it says that {name} is {value}",
    "checkpoint.in_file": "{file}: {fault}",
    "train.adapter_damaged": "The adapter in {folder} is damaged ({fault}). Its best checkpoint holds the "
    "same one: copy {weights} and {config} from there.",
    "train.not_learned": "After {updates} updates nothing of this kind had learned: {names}. The loss would "
    "fall without it all the same. Leave it out with Targets or Layers, or try another Precision.",
    "train.other_loss": "What was saved in {folder} gives a loss of {theirs} on a batch, and the model that "
    "was trained {mine}. The disk may be damaged: resume from an earlier checkpoint.",
    "train.other_adapter": "The adapter in {folder} is not the one that was trained. The best checkpoint "
    "holds that one: copy {weights} and {config} from there.",
    "train.unnamed": "What was saved in {folder} does not name what was trained. Train the run again.",
    "train.prefix_changed": "What the prefix cache kept on the disk is not as it was written: the disk may "
    "be failing. Resume the run, and it is made anew.",
    "train.experts_on_cpu": "This machine computes on the CPU, where a mixture of experts can be trained in "
    "32 bits only. Set Precision to float32.",
    "train.no_packing": "Packing cannot be had with this model: it does not keep the examples of a row "
    "apart. Switch it off and train again.",
    "train.other_layers": "{what} cannot be had with this model: it runs its layers in a way of its own. "
    "Switch it off and train again.",
    "train.diverged": "{steps} steps in a row, up to step {last}, gave a loss or gradient that is no finite "
    "number: training diverged. {where} {advice}",
    "train.last_good": "The last good checkpoint is {name}.",
    "train.no_checkpoint": "There is no checkpoint yet.",
    "train.first_loss": "The first loss",
    "train.gradient": "The gradient",
    "train.first_validation_loss": "The first validation loss",
    "train.lower_rate": "Lower the learning rate from {rate:.2g} and train again.",
    "train.lower_rate_for": "NaN or infinity stands in {names}. Lower the learning rate from {rate:.2g} "
    "and train again.",
    "train.lower_rate_or_bfloat16": "Lower the learning rate from {rate:.2g}, or set Precision to "
    "bfloat16, whose range is larger than float16's.",
    "train.weights_not_finite": "{what} is no finite number, because the model's own weights hold NaN or "
    "infinity: {names}. Download or convert the model again, or choose another.",
    "train.beyond_float16": "{what} is no finite number, though all weights of the model are: what it "
    "computes is beyond the range of float16. Set Precision to bfloat16 or float32.",
    "train.not_finite": "{what} is no finite number in {kind}, though all weights of the model are, and "
    "nothing was learned yet: its config.json may not fit its weights. Try the model as it is in the "
    "playground, or choose another.",
    "ranks.unreachable": "The processes of this run cannot reach each other: {fault}",
    "ranks.lost": "Another process of this run ended, or the connection to it was lost. What was learned so "
    "far is kept; resume the run to go on.",
    "tracker.no_package": "{name} needs a package that is not here. {install}, or switch it off.",
    "tracker.not_in_application": "{name} is not in the application, which it would make much larger. "
    "Install Tuning Studio from its source to use it, or switch it off.",
    "tracker.fault": "Weights & Biases: {fault}. Set WANDB_MODE=offline to send the curves later, or empty "
    "the field W&B project.",
    "tracker.signed_out": "Nobody is signed in to Weights & Biases. Run `wandb login` in a terminal. Set "
    "WANDB_MODE=offline to send the curves later, or empty the field W&B project.",
}
