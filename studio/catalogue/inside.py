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
}
