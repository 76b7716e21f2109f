"""Why something was not measured, and what an evaluation is doing."""

EVALUATION: dict[str, str] = {
    "evaluation.no_measure": "There is no measure called {name}. These are the measures: {measures}.",
    "evaluation.no_primary": "{name} cannot be the primary measure. These can: {measures}.",
    "evaluation.no_golden": "There is no golden set, and the run kept no test examples to ask.",
    "evaluation.none_yet": "{name} has no complete evaluation to be laid beside this one. Evaluate it first: "
    "studio evaluate {name}",
    "evaluation.no_shared_rows": "{one} and {other} were not measured on any of the same rows. Evaluate both "
    "on the same golden set: studio evaluate {other} --golden FILE",
    "evaluation.no_split": "The run kept no {split} examples.",
    "verdict.better": "Better",
    "verdict.worse": "Worse",
    "verdict.unclear": "No clear difference",
    "verdict.too_few": "Too few to tell",
    "verdict.not_measured": "{measure} was not measured",
    "figure.reliability": "Confidence, and how often it is right",
    "figure.bins": "Questions by confidence, in bins of equal size",
    "figure.perfect": "Perfect calibration",
    "figure.confidence": "Mean confidence",
    "figure.right": "Share right",
    "figure.contestant": "Contestant",
    "figure.questions": "Questions",
    "figure.instruction_kinds": "Instructions followed, by kind",
    "report.no_evaluation": "{name} has no evaluation to report. Evaluate it first: studio evaluate {name}",
    "evaluation.other_tokens": "{who} divides text into other tokens than the baseline, so losses leave it "
    "out: only answers are compared.",
    "evaluation.asking": "Asking {who}",
    "evaluation.served": "{who} answers at {server}, which is sent every question. What is read from weights "
    "or probabilities, such as losses, calibration and benchmarks, has no value for it.",
    "evaluation.not_sent": "{who} is left out of this measure: some of its questions hold tools or calls, "
    "which are not sent to a server.",
}
