"""Why a model cannot be looked into, what figures of it show, what a capability or a checkpoint is worth."""

INSIDE: dict[str, str] = {
    # Why there is nothing to see.
    "inside.other_layers": "This family runs its layers in a way of its own, so nothing can be noted between "
    "them.",
    "inside.attention_unseen": "In {count:,} of its layers ({layers}) this model does not attend by whole "
    "weights that could be noted: linear attention, or a quantized cache.",
    "inside.attention_unproven": "What was noted in layer {layer} does not give what the layer gave, so it "
    "is not its attention.",
    "inside.no_reader": "This family's last norm or its output layer cannot be told apart, so what stands in "
    "the middle cannot be read as words.",
    "inside.other_shapes": "The two models have other layers or matrices, so they cannot be laid over each "
    "other.",
    "inside.other_vocabulary": "The two models have other vocabularies, so their probabilities cannot be "
    "compared token by token.",
    "inside.nobody": "There is nobody to compare with the baseline.",
    "inside.no_texts": "There are no questions with ideal answers that are short enough to look at.",
    # What the figures show.
    "inside.tokens": "What tuning did to each token of the ideal answers, where it did most",
    "inside.heads": "Which heads look elsewhere since the tuning (Jensen-Shannon divergence, bits)",
    "inside.of": "{what}: {contestant}",
    "inside.relative": "How far states have moved, layer by layer",
    "inside.direction": "How far states have turned, layer by layer",
    "inside.lens": "How much else the states of each layer would say, if they were the last",
    "inside.matrices": "How much each matrix has changed, as a share of its size",
    "inside.words": "What the change says at the first tokens of unrelated texts",
    # Abilities that tuning is not about.
    "kept.guesses": "The baseline's own loss of {loss:.2f} is no better than guessing among all tokens "
    "({guess:.2f}): there is nothing to be lost here.",
    "kept.unable": "The baseline itself has {right} of {count} right: what it cannot do, it cannot lose. It "
    "takes {enough} or more.",
    # Which checkpoint to take.
    "kept.one_checkpoint": "The run {run} kept only one checkpoint, so there is none to compare it with. "
    "Keep more of them (loop.keep) in the next run.",
    "kept.no_gain": "No checkpoint reads the held-out rows better than the model did at the start, so there "
    "is no gain that costs could be held against.",
    "kept.take": "Step {step:,} is as good as step {present:,} and has forgotten less: {spared:.3f} nats a "
    "token of general text ({low:.3f} to {high:.3f} at 95 %).",
    "kept.alike": "{count} checkpoints are as good as each other: steps {steps}.",
    "kept.one_best": "Step {step:,} is better than every other checkpoint.",
}
