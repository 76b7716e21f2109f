"""How a job can end other than well: refused, stopped, or lost with the engine; and what to do then."""

OUTCOMES: dict[str, str] = {
    # The base that a run was made with.
    "base.config": "config.json",
    "base.weights": "weights",
    "base.tokenizer": "tokenizer",
    "base.template": "template",
    "base.has_changed": "The {what} of the model in {folder} has changed since {run} began",
    "base.have_changed": "The {what} of the model in {folder} have changed since {run} began",
    "base.other": "{changed}, so the run would not be what it was.",
    "base.agree": "{changed} Put the earlier files back, or agree when asked.",
    "base.used": "{changed}; used all the same, as asked.",
    "base.refused": "{changed}. Put the earlier files back, or use what is there now all the same "
    "(--changed-base).",
    # What a run or a sweep goes on with.
    "dataset.differs": "{path} is not the same on all machines. Copy it to all of them, and train again.",
    "dataset.index_gone": "The index of {file} is gone. Try again.",
    "dataset.changed_since": "{path} has changed since the run {run} began, and with it what was held out. "
    "Put the earlier file back, or start a new run.",
    "dataset.changed_since_opened": "{path} has changed since it was opened. Open it again, and look at its "
    "rows before you train on them.",
    "run.recipe_unreadable": "The recipe in run.json cannot be read: {reason} Perhaps a newer version wrote "
    "it.",
    "sweep.recipe_unreadable": "The recipe in {file} cannot be read: {reason} Perhaps a newer version wrote "
    "it.",
    "sweep.name_taken": "There is a sweep called {name} already, with another recipe or grid. Choose another "
    "--name, or go on with it: studio sweep --resume {name}",
    "sweep.launched": "A sweep trains in one process. Start it without mlx.launch, or each run with `studio "
    "train`.",
    # Rows that are made.
    "synth.secret_address": "The address in {folder} cannot be asked: {fault}. Begin anew, in another "
    "folder.",
    "synth.other_server": "{folder} asks {server}. To ask another one, begin anew, in another folder.",
    "synth.no_server": "{folder} asks no server. To ask another one, begin anew, in another folder.",
    # Work on the GPU, and the process that does it.
    "engine.out_of_memory": "The GPU ran out of memory. Close other programs that use much of it. A run can "
    "go on in smaller portions; a new one takes less with a smaller Batch or Max length.",
    "engine.stopped_by_macos": "macOS stopped the work on the GPU because the screen was waiting for it "
    "(ml-explore/mlx#3267). Let the display sleep while a job runs; a run can go on in smaller portions.",
    "engine.metal": "Metal reported an error, and the work on the GPU was lost: {words}.",
    "engine.killed": "The engine was ended from outside, as the system does when memory runs out. Close "
    "other programs that use much of it. A run can go on in smaller portions.",
    "engine.crashed": "The engine crashed ({signal}); its last words are in the log. The next job starts a "
    "fresh one.",
    "engine.hung": "The engine did not stop within {seconds} seconds, and was ended.",
    "engine.ended": "The engine did not answer, and you ended it. The next job starts a fresh one.",
    "engine.unreadable": "The engine's process said what cannot be read.",
    "engine.with_way_on": "{reason} {way_on}",
    "engine.exit": "exit {code}",
    "engine.signal": "signal {number}",
    "engine.resume": "Resume the run: it goes on from its last checkpoint at step {step}.",
    "engine.begin_again": "Resume the run: it had no checkpoint yet, so it begins again.",
    "portions.smaller": "This run goes on in smaller portions: at most {tokens:,} tokens at once, and with "
    "gradient checkpointing. What it learns is the same up to rounding; where there is dropout, that is "
    "drawn otherwise. A step takes longer.",
    "portions.only_tokens": "This run goes on in smaller portions: at most {tokens:,} tokens at once. What "
    "it learns is the same up to rounding; where there is dropout, that is drawn otherwise. A step takes "
    "longer.",
    "portions.by_itself": "{failure} It goes on from its last checkpoint by itself now, once, in smaller "
    "portions.",
    # Stopped by the person.
    "stopped": "Stopped.",
    "stopped.learned": "Stopped; what was learned is kept. `studio resume` goes on.",
    "stopped.stages": "Stopped; what was learned is kept. `studio resume {name}` goes on.",
    "stopped.sweep": "Stopped; what was learned is kept. `studio sweep --resume {name}` goes on.",
    "stopped.evaluation": "Stopped; what was answered is kept. The same command goes on with it.",
    "stopped.nothing": "Stopped; there was nothing to save.",
    "stopped.fetched": "Stopped; what was fetched is kept. The same command goes on.",
    "stopped.made": "Stopped; what was made is kept. `studio data make --resume {folder}` goes on.",
}
