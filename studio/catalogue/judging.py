"""What a judge costs, and why it has no say."""

JUDGING: dict[str, str] = {
    "judge.asking": "Asking {judge} as the judge",
    "judge.cost": "{judge} is to be asked {requests:,} times: {read:,} tokens to be read{written}, about "
    "{time}.{kept}",
    "judge.cost_written": ", about {tokens:,} to be written ({most:,} at most)",
    "judge.cost_kept": " {kept:,} of its verdicts are kept.",
    "judge.sent": "What is sent to {server}: the questions, their ideal answers, and what every contestant "
    "answered.",
    "judge.none": "No judge was chosen. Choose a model on this Mac or a server (on the command line with "
    "--judge).",
    "judge.no_model_name": "A server needs the name of its model to judge. Give it (on the command line with "
    "--judge-model).",
    "judge.no_token": "This model has no token for {choice}, so it cannot be the judge. Choose another one.",
    "judge.one_contestant": "There is nobody to be compared with the baseline.",
    "judge.unreadable": "No verdict: what the judge replied could not be read for {unread} of {count} pairs. "
    "Choose a stronger judge.",
    "judge.unreadable_ratings": "No figures: {unread} of {count} ratings could not be read. Choose a "
    "stronger judge.",
    "judge.only_ties": "No verdict: the judge called all {count} pairs ties, so nothing shows whether it can "
    "tell answers apart.",
    "judge.inconsistent": "No verdict: consistency too low. With the answers swapped, the judge kept its "
    "choice in {kept} of {count} pairs ({share}; {needed} are needed). Choose a stronger judge.",
    "judge.like_a_coin": "No verdict: with the answers swapped, the judge kept its choice in {kept} of "
    "{count} pairs, as a coin might with so few. Judge more rows.",
    "judge.read_at_logits": "How {judge} judges, read at its logits",
    "judge.asked_for_reasons": "How {judge} judges, its reason first, at temperature 0",
    "judge.nothing_counted": "There is no pair of which this can be said.",
    "judge.same_family": "{judge} is of the same family as who competes, and may prefer its own way of "
    "writing.",
    "judge.blind_to_content": "No figures: the judge rated the right answer above a wrong one in {above} of "
    "{count} cases ({share}; {needed} are needed). Choose a stronger judge.",
    "judge.few_controls": "No figures: the judge rated the right answer above a wrong one in {above} of "
    "{count} cases, as a coin might with so few. Judge more rows.",
    "judge.unchecked": "Not checked against ideal answers: there are fewer than two.",
    "judge.few_votes": "You voted blind on {count} of the judged pairs, and {needed} are asked for.",
    "judge.no_verdicts": "No judge has given verdicts to compare your votes with.",
    "judge.one_sided": "All votes of yours and of the judge are alike, so there is nothing that kappa could "
    "tell from chance.",
    "rubric.missing": "There is no rubric at {file}. Choose a file that exists.",
    "rubric.unreadable": "The rubric {file} cannot be read: {fault}.",
    "rubric.no_text": 'The rubric {file} needs {name} = "…".',
    "rubric.no_levels": 'The rubric {file} needs levels = ["…", "…", "…", "…", "…"]: five '
    "descriptions, from the worst answer to the best.",
    "rubric.twice": "Two rubrics have the key {key}. Give one of them another file name.",
}
