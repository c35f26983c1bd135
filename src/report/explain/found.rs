//! Codes of mistakes in playbooks, variables and data files for which Sugar has no label.

use super::entry::Found;
use super::entry::Words;

const fn found(code: &'static str, meaning: &'static str, advice: &'static str) -> Found {
    Found {
        code,
        words: Words { meaning, advice },
    }
}

/// By name. A test reads the sources and names a code that is missing here.
pub(super) const FOUND: &[Found] = &[
    found(
        "bad_heading",
        "the first line of a CSV file cannot serve as its heading: a name is empty or there twice",
        "give every column a name of its own",
    ),
    found(
        "bad_row",
        "a row of a data file cannot be read: too few or too many cells, or no JSON",
        "correct the row; often a delimiter or a quote inside a cell is not quoted",
    ),
    found(
        "command",
        "the command could not be carried out, for a reason that stands in no playbook",
        "do as the message says",
    ),
    found(
        "constant_key",
        "every item of a step gets the same key, and equal keys are refused (a warning)",
        "build the key from the item: `key: \"{{ item.id }}\"`",
    ),
    found(
        "curly_quotes",
        "a text stands in typographic quotes, which are a part of it (a warning)",
        "write plain quotes; where the others are meant, put plain ones around them",
    ),
    found(
        "cycle",
        "steps need each other in a circle, so none can be first",
        "break the circle: a step can use only what steps before it give",
    ),
    found(
        "denied",
        "a run ended because of what the instance answered: a refused login, a token it no longer takes, another version (seen when a run ends)",
        "do as the message says; what was sent is safe in the run file, and `apply FILE` goes on",
    ),
    found(
        "duplicate_key",
        "a map in the YAML has the same key twice, and one would be lost",
        "remove one of the two",
    ),
    found(
        "duplicate_step",
        "two steps have the same `id`",
        "rename one; what refers to it changes too",
    ),
    found(
        "empty_playbook",
        "the file holds no playbook",
        "begin with `version: 1`, a `name` and `steps`",
    ),
    found(
        "export_needed",
        "a step waits for an export, which is written when all else is done",
        "let the step use what the export reads",
    ),
    found(
        "halted",
        "a run ended for a reason on this machine, such as a full disk (seen when a run ends)",
        "do as the message says; what was sent is safe in the run file, and `apply FILE` goes on",
    ),
    found(
        "ids_ignored",
        "the instance gives new records ids of its own in place of those computed from keys (a warning)",
        "keep the ledger that the message names between runs: by it a second run finds what a key made; or use `upsert` with `match`, which needs none",
    ),
    found(
        "include",
        "a playbook includes itself, or playbooks include others too deeply or too often",
        "break the circle, or put the steps into one file",
    ),
    found(
        "interrupted",
        "a signal or `--deadline` ended a command before there was anything to report",
        "give the same command again",
    ),
    found(
        "invalid_name",
        "a step or variable has a name that templates could not write",
        "use small letters, digits and `_`, beginning with a letter; a dash would read as a minus",
    ),
    found(
        "invalid_var",
        "a variable's value, or its default, is not of the declared type",
        "give a value of that type; datetimes need an offset unless `settings.timezone` is set",
    ),
    found(
        "jsonpath",
        "a JSONPath cannot be used as it is written",
        "write it after RFC 9535; a filter inside a filter is refused",
    ),
    found(
        "keyed_by_number",
        "`by_key` looks for an item by some value, and the items have no key but their number from 0",
        "give the step a `key`, such as `key: \"{{ row.code }}\"`",
    ),
    found(
        "left_out",
        "a step that runs needs a write that `--only`, `--skip` or `--tags` leave out",
        "take both steps in, or leave both out",
    ),
    found(
        "lost",
        "a run ended because the instance was not reached, or gave no proper answer any more (seen when a run ends)",
        "what was sent is safe in the run file: `apply FILE` goes on when the instance answers again",
    ),
    found(
        "misplaced_key",
        "a key stands where it has no effect, though it exists elsewhere",
        "move it to the verb or key it belongs to, as the message says",
    ),
    found(
        "missing_folder",
        "the folder that an export is to be written to is not there (a warning; apply sends nothing without it)",
        "make the folder, or write the export elsewhere",
    ),
    found(
        "missing_var",
        "a required variable was given no value",
        "give `--var NAME=VALUE`, a file with `--vars-file`, or `SUGARMILL_VAR_NAME`",
    ),
    found(
        "no_sheet",
        "a workbook has no sheet of that name, or has several and the playbook names none",
        "name one of its sheets with `sheet`, as the message lists them",
    ),
    found(
        "no_output",
        "an output of the playbook has no value, as what it is built on failed, was left out or does not suit (a warning)",
        "the message says why; a `default` in the template gives it a value anyway",
    ),
    found(
        "no_braces",
        "a text is the name of a value without braces, and would be sent as it stands (a warning)",
        "write `\"{{ item.code }}\"` for the value of `item.code`",
    ),
    found(
        "no_effect",
        "a key changes nothing where it stands, such as `retry` on a step that sends nothing (a warning)",
        "leave it out, or correct the name: the message offers the nearest",
    ),
    found(
        "no_key",
        "a create has no `key`, so running the playbook again creates again (a warning)",
        "name each record by something that stays the same: `key: \"{{ item.code }}\"`",
    ),
    found(
        "no_snapshot",
        "a file given as a metadata snapshot is none, or is damaged",
        "give what `sugarmill metadata pull` wrote, or an answer of `/metadata` that was kept",
    ),
    found(
        "no_verb",
        "a step says nothing that could be done",
        "add one verb, such as `filter: Leads` or `update: Leads`",
    ),
    found(
        "not_fetched",
        "a template uses a field that the step's `fields` leaves out",
        "add it to `fields`, or remove `fields`: then a step fetches what is used",
    ),
    found(
        "not_utf8",
        "the file is not UTF-8 text",
        "save it as UTF-8; a CSV may keep its encoding and name it: `encoding: windows-1252`",
    ),
    found(
        "nothing_found",
        "the JSONPath of a data file begins with a name that the file does not have (a warning)",
        "correct the name; the message offers the nearest, or lists them",
    ),
    found(
        "outside",
        "a file is outside the playbook's folder",
        "put the file beside the playbook and name it relative to it, or allow its folder: `--allow-path DIR`",
    ),
    found(
        "secret_var",
        "a variable of `type: secret` is used where its value would be written down, or given where others can see it",
        "use it in `set` of `create`, `update` or `upsert` as `{{ vars.NAME }}`, and set `SUGARMILL_VAR_NAME`; what need not be secret can be of another type",
    ),
    found(
        "read_beside_write",
        "a step reads a module that a step above it writes, and does not wait for that (a warning)",
        "add `depends_on` to read what the write leaves behind, or put the read above the write",
    ),
    found(
        "refused",
        "a command was refused: a limit, a guard, another version, instance or person stands against it",
        "do as the message and its help say; nothing was sent after it",
    ),
    found(
        "same_file",
        "an export would overwrite what another export writes, or what a step reads",
        "give each file a name of its own",
    ),
    found(
        "stopped",
        "a failure stopped the run, as `on_error` or `limits.max_failures` say, or left the plan unfit to be applied (seen when a run ends)",
        "mend what failed; then `apply FILE --retry-failed` goes on with the rest, and a plan is made again",
    ),
    found(
        "template_syntax",
        "a template cannot be read",
        "look at the place that is underlined; often a quote or `}}` is missing",
    ),
    found(
        "two_verbs",
        "a step has more than one verb, and it would not be clear which comes first",
        "make two steps of it",
    ),
    found(
        "unknown_column",
        "a template uses a column that the CSV file or sheet does not have, or a name that no row or item has (a warning where rows may differ)",
        "write the name as it stands in the file",
    ),
    found(
        "unknown_function",
        "a template calls a filter, test or function that there is not",
        "correct the spelling; the message offers the nearest, or lists them",
    ),
    found(
        "unknown_key",
        "the language has no such key here",
        "correct the spelling; the message offers the nearest key",
    ),
    found(
        "unknown_label",
        "`on_error` or a template names a label that nobody knows, and that is nearly one that is known (a warning)",
        "correct the spelling; `sugarmill explain` lists the labels",
    ),
    found(
        "unknown_name",
        "an expression uses a name that nothing has",
        "begin with `vars.`, `steps.` or the item's name (`as`)",
    ),
    found(
        "unknown_result",
        "a step's result has no such attribute",
        "use one of its attributes, such as `records`, `ids`, `first`, `count` or `items`",
    ),
    found(
        "unknown_step",
        "there is no step of that name",
        "correct the name, or add the step",
    ),
    found(
        "unknown_timezone",
        "`settings.timezone` is not a zone",
        "write a name such as `Europe/Berlin` or `UTC`",
    ),
    found(
        "unknown_var",
        "nobody declares this variable",
        "declare it under `vars`, or correct the name",
    ),
    found(
        "unknown_tag",
        "`--tags` names a tag that no step has",
        "name a tag that stands in `tags` of a step",
    ),
    found(
        "unknown_verb",
        "the language has no such verb",
        "correct the spelling; the message offers the nearest verb",
    ),
    found(
        "unquoted_template",
        "a template without quotes, which YAML reads as a map",
        "put it in quotes: `\"{{ … }}\"`",
    ),
    found(
        "unreadable_file",
        "a file is missing or cannot be read",
        "check the path, which counts from the playbook's folder, and the rights",
    ),
    found(
        "unreachable",
        "a step can never do anything: its condition is false or its list empty, as they are written (a warning)",
        "remove the step, or what keeps it from running",
    ),
    found(
        "unused_setting",
        "an included playbook sets something that the outer playbook decides (a warning)",
        "set it in the outer playbook",
    ),
    found(
        "unused_var",
        "a variable is declared and used nowhere (a warning)",
        "remove it, or use it: a misspelt use would be an error of its own",
    ),
    found(
        "vars_file",
        "a file of variables is no map from name to value",
        "write a line `name: value` for each variable",
    ),
    found(
        "wrong_version",
        "the playbook is written for another version of the language, or a newer sugarmill",
        "write `version: 1`, or use the version that `requires` names",
    ),
    found(
        "yaml_limit",
        "the file is larger, deeper, or repeats itself by aliases more often than a playbook should",
        "put rows into a data file and name it in `for_each`",
    ),
    found(
        "yaml_number",
        "a number that cannot be kept exactly as it is written",
        "put it in quotes if text is meant",
    ),
    found(
        "yaml_syntax",
        "the file is not YAML",
        "look at the place that is underlined; often it is an indentation, a quote or a colon",
    ),
];
