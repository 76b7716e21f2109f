"""Why a dataset cannot be read, shown to a model, changed, saved, or brought from and to the Hub."""

DATASET_FAILURES: dict[str, str] = {
    # Files and folders.
    "file.none_chosen": "No file is chosen. Choose a file with examples.",
    "file.missing": "There is no file at {file}. Was it moved or renamed?",
    "file.not_regular": "{file} is not a regular file. Choose a file with examples.",
    "file.other_kind": "{file}: {kind} files are not read here. Use one of {kinds}, or gzip of these.",
    "file.no_extension": "{file}: files without an extension are not read here. Use one of {kinds}, or gzip "
    "of these.",
    "file.empty": "{file} is empty. Choose a file with examples.",
    "file.no_rows": "{file} is empty: it has no rows. Choose a file with examples.",
    "file.no_readable_row": "{file} holds no row that can be read.",
    "file.row_unusable": "The only row in {file} cannot be used. {reasons}",
    "file.rows_unusable": "None of the {rows:,} rows in {file} can be used. {reasons}",
    "file.pointer": "{file} is a Git LFS pointer: the data itself ({size}) was not downloaded. Run git lfs "
    "pull in its folder, or download the file again from where it is published.",
    "file.column_twice": '{file} has two columns called "{name}". Rename or remove one of them.',
    "folder.no_examples": "{folder} holds no file with examples. Choose a folder with {kinds} files, or one "
    "of its subfolders.",
    "folder.too_many": "{folder} holds {files:,} files. Choose a folder with at most {most:,}.",
    "folder.very_many": "{folder} holds very many files. Choose the folder that the dataset is in.",
    "json.neither": "{file} is not a JSON array or object. Check that it is the file you meant.",
    "json.damaged": "{file} is not JSON: {fault}.",
    "json.no_array": "{file} is an object with no arrays, and one is needed: its rows. Write the rows as one "
    'array, or as {{"data": [...]}}.',
    "json.arrays": "{file} is an object with {arrays:,} arrays, and one is needed: its rows. Write the rows "
    'as one array, or as {{"data": [...]}}.',
    "json.too_large": "{file} is too large for a .json file (over {megabytes:,} MB). Save it as JSONL, one "
    "object per line; that is read piece by piece.",
    "table.no_parquet": "{file} is not a Parquet file that can be read: {fault:clause}.",
    "table.no_arrow": "{file} is not an Arrow file that can be read: {fault:clause}.",
    "columns.unknown": "{file}: its fields ({fields}) are not those of a dataset. Rows need one of these "
    "sets. {sets}.{remedy}",
    "columns.guessed": ' Or say in Columns which are what, as in "{guess}".',
    "columns.no_mapping": '"{written}" maps no columns. Write role=column for each, with commas between '
    "them; the roles are {roles}.",
    "columns.incomplete": "These columns make no example. Map prompt and answer; or text, alone or with "
    "label; or chosen and rejected; or messages.",
    "memory.whole": "{file} is too big to be held: all of these rows take about {needed} of memory, and "
    "{free} are free.",
    "memory.rows": "{file} is too big to be held: its rows take more memory than the {free} that are free.",
    "memory.json": "{why} Save it as JSONL, one object per line, which is read piece by piece.",
    "memory.subset": "{why} Create a subset: “Create subset…” in the window, or studio data save {path} PART "
    "--step 'cap rows=100000 how=random'.",
    # Large files, which are scanned into an index.
    "scan.no_rows": "None of the first rows of {file} can be read. Is it the right kind of file?",
    "scan.wide": "{file} is in {encoding}. Save it as plain UTF-8 to open it page by page.",
    "scan.no_lines": "{file} does not have a row on each line. Save it as JSONL, one object per line, to "
    "open it page by page.",
    "scan.changing": "{file} was changed while it was read. Open it again.",
    "scan.ended": "The scan of {file} ended early (exit {exit}). Open the file again.",
    "scan.index_gone": "The index of this file is gone. Open the file again.",
    "scan.file_gone": "{file} is not there any more. Was it moved?",
    "scan.file_changed": "{file} has changed since it was read. Open it again.",
    "scan.line_changed": "Line {line:,} of {file} is not as it was. Open it again.",
    # Templates.
    "template.none": "This model has no chat template. Choose the template auto, chatml or alpaca.",
    "template.several": "This model has several chat templates and does not say which is the usual one. "
    "Choose the template chatml, or one of your own (.jinja).",
    "template.missing": "There is no template at {file}. Was it moved or renamed?",
    "template.no_text": "The template {file} is not UTF-8. Save it as UTF-8.",
    "template.empty": "The template {file} is empty. Choose another, or write one.",
    "template.too_long": "The template {file} has {characters:,} characters, too many for one. Choose "
    "another.",
    "template.damaged": "The template {file}, line {line}: {reason}",
    "template.syntax": "{fault:clause}.",
    "template.nested": "nested too deeply.",
    "template.no_filter": "no filter named '{name}'.",
    "template.no_test": "no test named '{name}'.",
    "template.near_name": "{name} is not defined. Did you mean {near}?",
    "template.no_name": "{name} is not defined. It is given {names}.",
    "template.bad_name": "a namespace cannot hold '{name}'; rename it",
    "template.not_written": "A question and its answer cannot be written: {reason}.",
    "template.not_shown": "This conversation cannot be shown to the model: {reason}.",
    # Rows and checks.
    "row.no_example": "Line {line}: {reason}.",
    "check.unknown": "There is no check called “{name}”. There are {names}.",
    # Datasets as a run needs them.
    "dataset.no_example": "Line {line} of {name} holds no usable example.",
    "dataset.beyond_positions": "{rows:,} rows are longer than the {context:,} positions that this model has "
    "(the longest has {longest:,}), and cannot be read; set Max length (data.max_length) to {context:,}.",
    "dataset.all_golden": "All rows of {name} are golden, so there is nothing to train on.",
    "dataset.no_pairs": "{name} holds {format} examples, but {objective} learns from pairs: each row needs "
    '"prompt", "chosen" and "rejected". Choose another file, or set the objective to sft.',
    "dataset.no_text": "{name} holds {format} examples, but the objective text learns from plain text: each "
    'row needs "text" alone. Choose another file, or set the objective to sft.',
    "dataset.unusable": "None of the {rows:,} examples in {name} can be trained on. {place:sentence}: "
    "{reason}.{remedy}",
    "dataset.longer": " A maximum length of {length:,} would keep 95 % of them.",
    "split.nothing": "There are no examples to split. Choose another dataset.",
    "split.shares": "Validation and test share together leave nothing to train on. Lower one of them.",
    "split.all_held_out": "None of the rows is there to train on: all of them are held out. Add a "
    "train file.",
    # Steps.
    "steps.no_json": "The steps are no JSON: {fault}. Write them as a list of objects.",
    "steps.no_list": 'The steps are a JSON list of objects, as in [{{"kind": "drop_duplicates"}}].',
    "step.no_kind": "A step needs a kind. The steps are {kinds}.",
    "step.other_kind_of": "“{kind}” is not a step. The steps are {kinds}.",
    "step.no_field": "The step {kind} has no field {field}. Its fields are: {fields}.",
    "step.no_fields": "The step {kind} has no field {field}. It has none.",
    "step.wrong": "The step {kind} cannot be done: {reason:clause}.",
    "step.no_condition": "a filter needs a condition: a length, a text, a pattern or a label",
    "step.no_pattern": "{pattern} is not a regular expression: {fault}",
    "step.which_column": "to split by a column, say which",
    "step.shares": "validation and test share together leave nothing to train on",
    "step.unknown": "“{step}” is not a step that can be done.",
    "step.leaves_none": "“{step}” leaves none of the {rows:,} rows. Change or remove it.",
    "step.by_hand": "{changes:,} changes by hand",
    "step.no_model": "“{step}” counts tokens, and no model is chosen to count them with.",
    "step.other_kind": "{name} holds {other}, and this dataset {own}: they cannot be mixed, because no run "
    "learns from both. Choose another dataset to mix in.",
    "step.no_column": "No row has a column “{name}” to split by. Check its name, or split by shares.",
    "step.no_parts": "The column “{name}” holds {names}, and a split needs train, validation or test (or "
    "valid, val, dev). Rename them, or split by shares.",
    "step.other_rows": "{name} has changed since it was read, and your edits belong to the rows it had. Put "
    "the file back as it was, or open it again to go on without them.",
    "edit.empty": "The {field} of row {row:,} cannot be empty. Delete the row instead.",
    "edit.no_field": "Row {row:,} has no {field} to edit.",
    "edit.same_answers": "The two answers of row {row:,} would be the same. Write different ones.",
    "edit.first_prompt": "first prompt",
    "edit.rejected": "rejected answer",
    "journal.damaged": "Line {line:,} of {file} cannot be read ({reason:clause}). It holds changes made by "
    "hand: open the dataset with the version that wrote them, or move the file away.",
    "journal.no_object": "it is no JSON object",
    # Documents that rows are made from.
    "document.none_chosen": "No document was chosen. Choose at least one.",
    "document.none_read": "{faults}",
    "document.folder": "{folder} is a folder. Choose the documents inside it.",
    "document.other_kind": "{file}: {kind} is not a document that is read here. Use {kinds}.",
    "document.save_as_docx": "{file}: {kind} is not a document that is read here. Save it as .docx first.",
    "document.no_extension": "{file}: a file without an extension is not read here. Use {kinds}.",
    "document.no_text": "{file} holds no text. Choose another document.",
    "document.scanned": "{file} holds no text. Its pages are probably scanned pictures: run text recognition "
    "(OCR) on it first.",
    "document.no_page": "{file} is damaged and cannot be read as a web page ({fault}).",
    "document.no_pdf": "{file} is damaged and cannot be read as a PDF ({fault}).",
    "document.no_word": "{file} is damaged and cannot be read as a Word document ({fault}).",
    "document.password": "{file} is protected by a password. Save a copy without one.",
    "document.protected": "{file} is protected by a password or an old .doc. Save it as .docx without one.",
    "document.encrypted": "{file} is encrypted. Save a copy without protection.",
    # Datasets that are saved, and what may be written to.
    "saved.missing": "{folder} is not a saved dataset: it has no {manifest}.",
    "saved.damaged": "{file} cannot be read ({fault}). Save the dataset again.",
    "saved.changed": "{file} in {folder} is not as it was saved: its fingerprint differs from the one in "
    "{manifest}. Restore the file, or save the dataset again; to change rows, open the dataset in the app.",
    "saved.lacks": "{folder} lacks {file}. Copy the whole folder, or save the dataset again.",
    "saved.again": "Save the dataset again.",
    "saved.no_rows": "There are no rows to save. Change or remove the steps that leave none.",
    "export.none_bad": "Every row can train, so there are none to export.",
    "export.no_jsonl": "{file} cannot be exported to: name a .jsonl file.",
    "export.neither": "{file} cannot be exported to: name a .jsonl file, or a folder.",
    "export.all_golden": "There are no rows to export: all of them are golden.",
    "target.exists": "{target} exists. Replace it (--replace), or choose another name.",
    "target.not_ours": "{target} exists, and Tuning Studio did not write it like this. Choose another name.",
    "target.is_file": "{folder} is a file, and a folder is needed there. Choose another name.",
    "target.strangers": "{folder} holds what Tuning Studio did not write there, or what was changed since: "
    "{names}. Nothing is written there; choose another folder.",
    "target.beside_dataset": "{folder} holds what is not of the dataset as it was saved there: {names}. "
    "Nothing is written there; choose another folder.",
    "target.no_dataset": "{folder} exists and is not a dataset saved by Tuning Studio, so it is not "
    "replaced; it holds: {names}. Nothing is written there; choose another folder.",
    "target.earlier_export": "{folder} holds {names} of an earlier export, which this one has not: whoever "
    "reads the folder would mix the two. Replace all of them, or choose another folder.",
    # Datasets of the Hub.
    "hub.no_range": "'{text}' is no range of rows. Write 1000 for the first thousand, or 500:1500.",
    "hub.empty_range": "The rows {text} are none: the second number is the end, and must be larger.",
    "hub.no_rows": "There are no rows in that range. Choose an earlier one.",
    "hub.no_part": "{name} has no {kind} “{asked}”. There are: {names}.",
    "hub.no_parts": "{name} has no {kind} that can be read: it may hold no data files.",
    "hub.several_parts": "{name} has several {kinds}; name one of them: {names}.",
    "hub.no_data": "There are no data files in it that can be read.",
    "hub.own_code": "{name} is made by a program of its own, which is not run here. Look for a Parquet "
    "version.",
    "upload.not_saved": "{folder} is not a saved dataset. Save it as a dataset first, then upload that.",
    "upload.lacks": "{folder} lacks {file} as it was saved. Save the dataset again, then upload that.",
    # Parts of such sentences.
    "hub.subset": "subset",
    "hub.subsets": "subsets",
    "hub.split": "split",
    "hub.splits": "splits",
    "size.bytes": "{bytes:,} bytes",
    "size.unknown": "its content",
}
