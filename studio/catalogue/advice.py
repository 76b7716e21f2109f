"""What the curves of a run say and what to do about it, how a run came out, and what would make it fit."""

ADVICE: dict[str, str] = {
    # Evidence: divergence.
    "curve.skips": "{count} updates had a loss or gradient that is no finite number, the last at step "
    "{last}.",
    "curve.unlearned_validation": "Validation loss is {now:.3f}; before the first step it was {before:.3f}.",
    "curve.unlearned": "Training loss is {now:.3f}; it began at {before:.3f}.",
    "curve.lost": "Training loss is {now:.3f}; it began at {start:.3f} and was as low as {lowest:.3f}.",
    # Evidence: overfitting, forgetting, underfitting.
    "curve.overfits": "Validation loss rose from {lowest:.3f} at step {best} to {now:.3f} at step {last}, "
    "while training loss fell from {before:.3f} to {after:.3f}.",
    "curve.forgets": "The loss on general text rose by {percent:.0f} %, from {before:.3f} at step {first} to "
    "{now:.3f} at step {last}.",
    "curve.coin_toss": "At the end the chosen answer is preferred in {percent:.0f} % of {pairs} pairs: "
    "chance.",
    "curve.hardly_fell": "Training loss hardly fell: from {start:.3f} to {now:.3f} in {steps} steps.",
    "curve.still_falling": "The loss was still falling at the end: from {before:.3f} to {now:.3f} in the "
    "last quarter.",
    # Evidence: repetition.
    "curve.loops": "{loops} of {answers} sample answers at step {step} repeat themselves: {percent:.0f} % of "
    "the answer to “{prompt}” was said before.",
    "curve.same_answer": "{count} of {prompts} sample prompts get the same answer, “{answer}”, at step "
    "{step}.",
    "curve.no_answer": "{count} of {prompts} sample prompts get no answer at all, at step {step}.",
    # Evidence: a rate too high or too low.
    "curve.spikes": "The gradient norm spiked {count} times, up to {worst:.0f} times its neighbours, the "
    "last time at step {last}.",
    "curve.swings": "Validation loss swings: {losses} in the last validations.",
    "curve.climbs": "Since warmup, training loss climbed from {lowest:.3f} to {now:.3f}.",
    "curve.hardly_moved": "Training loss has hardly moved in {steps} steps: from {start:.3f} to {now:.3f}, "
    "at a rate of at most {rate:.2g}.",
    # Remedies: fields by their titles, each with its path behind it.
    "remedy.divergence": "Lower the Learning rate (optimizer.learning_rate) to a third; a longer Warmup "
    "(optimizer.warmup) and a smaller Clip norm (optimizer.clip) help, too. With float16, choose another "
    "Precision (base.precision).",
    "remedy.overfitting": "Keep the best adapter, and next time train fewer Epochs (loop.epochs) or set "
    "Patience (loop.patience) to 3. Dropout (lora.dropout) of 0.05 to 0.2, a lower Rank (lora.rank) or more "
    "examples help, too.",
    "remedy.forgetting": "Lower the Learning rate (optimizer.learning_rate), train fewer Epochs "
    "(loop.epochs), or train less of the model: a lower Rank (lora.rank), or only the last Layers "
    "(scope.layers). Ordinary examples mixed into the dataset help most.",
    "remedy.repetition": "Lower the Learning rate (optimizer.learning_rate) or train fewer Epochs "
    "(loop.epochs), and look for repeated answers in the dataset. Answers that are cut at their end never "
    "teach where to stop: see Too long (data.too_long).",
    "remedy.rate_too_high": "Lower the Learning rate (optimizer.learning_rate) to a third, or warm up for "
    "longer (optimizer.warmup).",
    "remedy.rate_too_low": "Raise the Learning rate (optimizer.learning_rate) threefold. Where that changes "
    "nothing, the model may know this data already.",
    "remedy.underfitting": "Train more Epochs (loop.epochs), raise the Learning rate "
    "(optimizer.learning_rate), or give the adapter a higher Rank (lora.rank).",
    # How a run or a sweep came out.
    "ended.trained": "Trained to the end.",
    "ended.validated": "Validation loss {first:.2f} → {best:.2f}, best at step {step}.",
    "ended.unmeasured": "Stopped after the last step; Resume measures what was learned.",
    "ended.stopped": "Stopped; what was learned is kept, and it can go on.",
    "stages.done": "{done} of {count} stages are done.",
    "sweep.done": "{done} of {count} runs are done.",
    "sweep.best": "{done} of {count} runs are done. The best is {name}, with a validation loss of "
    "{loss:.3f}.",
    "sweep.stage": "{title} {value} {how} ({runs}, {time})",
    "sweep.won": "won",
    "sweep.won_by": "won by {gain}",
    "sweep.stays": "stays",
    "sweep.report": "{stages}. Validation loss {first} → {last}, for {time} of training.",
    "sweep.report_from_nothing": "{stages}. Validation loss {last}, for {time} of training.",
    "sweep.other_rows": "But they were not validated on the same rows ({fewest:,} to {most:,} tokens), as "
    "shorter runs read fewer: the losses compare only roughly. With Validate every set all rows are read.",
    "sweep.held_out": "{fields} also decides what is held out, or how it is counted: the members' validation "
    "losses are not measured on the same text.",
    # What would make a run fit, and what to know of its model.
    "forecast.set": "Set {changes}: {peak}.",
    "forecast.change": "{title} to {value:,}",
    "forecast.on": "on",
    "model.stray": "{file} in {folder} does not belong to the model's weights and is not read. Remove it "
    "when nothing else needs it.",
    "model.strays": "{file} and {more:,} more in {folder} do not belong to the model's weights and is not "
    "read. Remove it when nothing else needs it.",
    "model.window": "config.json in {folder} lets the model look back {window:,} tokens, which mlx-lm's "
    "model of its kind does not read: in longer texts it looks back to the first token, and answers "
    "otherwise.",
}
