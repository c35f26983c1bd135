//! Filters, tests and functions of other template languages (Jinja2, Ansible, Liquid, Twig), and what does the same here.

use super::references::Callee;

/// What to write in place of a name that another language has.
pub(super) fn meant(callee: Callee, name: &str) -> Option<&'static str> {
    let table = match callee {
        Callee::Filter => FILTERS,
        Callee::Test => TESTS,
        Callee::Function => FUNCTIONS,
        Callee::Method => return None,
    };
    table
        .iter()
        .find(|(theirs, _)| theirs.contains(&name))
        .map(|(_, help)| *help)
}

type Table = &'static [(&'static [&'static str], &'static str)];

const FILTERS: Table = &[
    (&["downcase", "lowercase", "to_lower"], "write `| lower`"),
    (&["upcase", "uppercase", "to_upper"], "write `| upper`"),
    (&["strip", "lstrip", "rstrip"], "write `| trim`"),
    (&["size", "len"], "write `| length`"),
    (
        &["truncate", "substr", "substring", "left"],
        "write the letters that are wanted: `item.name[:50]`",
    ),
    (
        &[
            "strftime",
            "datetime",
            "date_format",
            "format_date",
            "dateformat",
        ],
        "write `| date(\"%Y-%m-%d\")`",
    ),
    (
        &[
            "to_datetime",
            "strptime",
            "as_datetime",
            "to_date",
            "as_date",
        ],
        "write `| parse_date('%d.%m.%Y')`",
    ),
    (
        &["date_add", "dateadd", "add_days", "date_modify"],
        "write `today() + days(1)`",
    ),
    (
        &["regex_sub", "gsub", "replace_regex"],
        "write `| regex_replace(pattern, with)`",
    ),
    (
        &[
            "regex_search",
            "regex_findall",
            "regex_match",
            "match",
            "search",
        ],
        "write `| regex_replace('^.*id=(\\d+).*$', '$1')` for a part of it, `'x' in item.name` to ask for one",
    ),
    (
        &["striptags", "strip_html"],
        "write `| regex_replace('<[^>]*>', '')`",
    ),
    (
        &[
            "to_json",
            "json",
            "json_encode",
            "to_nice_json",
            "to_yaml",
            "to_nice_yaml",
        ],
        "write `| tojson`",
    ),
    (
        &["from_json", "from_yaml", "parse_json", "json_decode"],
        "data files and what Sugar answers are values already; the text of a field stays text",
    ),
    (&["json_query", "jmespath"], "write `| jsonpath('$[*].id')`"),
    (&["keys"], "write `| list`, which gives the keys of a map"),
    (&["values"], "write `| items | map('last')`"),
    (&["dict2items", "to_entries"], "write `| items`"),
    (&["flatten"], "write `| sum(start=[])`"),
    (
        &["combine", "merge", "concat", "union"],
        "write `| chain(other)`",
    ),
    (&["difference"], "write `| reject('in', other)`"),
    (
        &["intersect", "intersection"],
        "write `| select('in', other)`",
    ),
    (&["pluck", "extract"], "write `| map(attribute='name')`"),
    (
        &["where", "filter"],
        "write `| selectattr('status', 'eq', 'New')`",
    ),
    (&["sort_by", "order_by"], "write `| sort(attribute='name')`"),
    (&["uniq", "distinct"], "write `| unique`"),
    (&["ternary", "iif"], "write `'x' if condition else 'y'`"),
    (
        &["default_if_none", "coalesce", "ifnull", "nvl", "or"],
        "write `| default('x', true)`",
    ),
    (
        &["mandatory", "required"],
        "leave it out: a name without a value is an error",
    ),
    (
        &["number", "to_number", "decimal", "to_float"],
        "write `| float`",
    ),
    (&["integer", "to_int", "parse_int"], "write `| int`"),
    (&["str", "text", "to_string", "to_s"], "write `| string`"),
    (&["boolean", "to_bool"], "write `| bool`"),
    (
        &["append", "prepend", "plus_text"],
        "write `item.name ~ ' (old)'`",
    ),
    (&["plus", "add"], "write `+`"),
    (&["minus", "subtract"], "write `-`"),
    (&["times", "multiply"], "write `*`"),
    (
        &["divided_by", "divide"],
        "write `/`, or `//` without the rest",
    ),
    (&["modulo", "mod"], "write `%`"),
    (&["floor"], "write `| int`"),
    (&["ceil"], "write `(item.amount + 0.5) | round`"),
    (&["wordcount"], "write `| split | length`"),
    (&["contains", "includes"], "write `'x' in item.name`"),
    (
        &["startswith", "starts_with"],
        "write the test `item.name is startingwith('x')`",
    ),
    (
        &["endswith", "ends_with"],
        "write the test `item.name is endingwith('x')`",
    ),
    (
        &[
            "md5",
            "sha1",
            "sha256",
            "hash",
            "to_uuid",
            "uuid",
            "b64encode",
        ],
        "for an id that stays the same write `uuid5('customers', item.code)`",
    ),
    (
        &["random", "shuffle"],
        "nothing is random in a playbook: the same data give the same plan",
    ),
    (
        &[
            "urlencode",
            "url_encode",
            "escape",
            "e",
            "safe",
            "quote",
            "nl2br",
        ],
        "leave it out: values are sent as they are, and `call` encodes its `query`",
    ),
    (
        &["center", "ljust", "rjust", "wordwrap", "filesizeformat"],
        "no filter lays text out; `| format` fills in: `'%05d' | format(item.number)`",
    ),
];

const TESTS: Table = &[
    (&["equals", "equal"], "write `is eq`"),
    (&["null", "nil"], "write `is none`"),
    (&["empty", "blank"], "write `is eq \"\"`"),
    (
        &["contains", "match", "matching", "search", "regex"],
        "write `'x' in item.name`",
    ),
    (
        &["startswith", "starts_with"],
        "write `is startingwith('x')`",
    ),
    (&["endswith", "ends_with"], "write `is endingwith('x')`"),
    (&["set", "exists", "present", "given"], "write `is defined`"),
    (&["truthy"], "write the value alone: `item.active`"),
    (&["falsy"], "write `not item.active`"),
    (
        &["subset"],
        "write `(a | reject('in', b) | list | length) == 0`",
    ),
    (&["failed"], "write `steps.X.failed > 0`"),
    (
        &["succeeded", "success", "successful"],
        "write `steps.X.outcome == 'ok'`",
    ),
    (&["skipped"], "write `steps.X.outcome == 'skipped'`"),
    (
        &["changed"],
        "write `steps.X.outcome == 'ok'`: what changed nothing is `unchanged`",
    ),
];

const FUNCTIONS: Table = &[
    (&["len", "size"], "it is a filter: write `… | length`"),
    (&["str"], "it is a filter: write `… | string`"),
    (
        &["date", "datetime", "strptime", "to_date", "strtotime"],
        "write `parse_date(item.day, '%d.%m.%Y')`, `now()` or `today()`",
    ),
    (
        &["strftime", "format_date"],
        "it is a filter: write `now() | date('%Y-%m-%d')`",
    ),
    (
        &["timedelta", "interval", "duration"],
        "write `days(1)`, `hours(1)` and so on",
    ),
    (
        &["date_add", "dateadd", "adddays"],
        "write `today() + days(1)`",
    ),
    (&["current_date", "curdate"], "write `today()`"),
    (
        &["current_timestamp", "utcnow", "timestamp"],
        "write `now()`",
    ),
    (
        &["uuid", "uuid4", "random", "guid", "newid"],
        "for an id that stays the same write `uuid5('customers', item.code)`",
    ),
    (
        &["env", "getenv", "lookup_env", "environ"],
        "declare a variable; `SUGARMILL_VAR_NAME` in the environment fills `vars.name`",
    ),
    (&["concat", "concatenate", "cat"], "write `a ~ b`"),
    (
        &["coalesce", "ifnull", "nvl", "isnull"],
        "write `item.name | default('x', true)`",
    ),
    (
        &["if", "iif", "ternary"],
        "write `'x' if condition else 'y'`",
    ),
    (
        &["exists", "isset", "defined"],
        "write `item.name is defined`",
    ),
    (&["contains"], "write `'x' in item.name`"),
    (&["substr", "substring", "left"], "write `item.name[:3]`"),
    (
        &["file", "read", "open"],
        "a data file is read by `for_each: { csv: rows.csv }`",
    ),
];

#[cfg(test)]
mod tests {
    use super::super::functions::ENGINE;
    use super::super::syntax;
    use super::super::syntax::Asked;
    use super::*;

    /// What stands between backticks in a help, as far as it is an expression of its own.
    fn advice(help: &str) -> impl Iterator<Item = &str> {
        help.split('`').skip(1).step_by(2)
    }

    #[test]
    fn what_is_advised_can_be_read_and_exists() {
        for (_, help) in FILTERS.iter().chain(TESTS).chain(FUNCTIONS) {
            for written in advice(help) {
                let whole = match written {
                    filter if filter.starts_with('|') => format!("item {filter}"),
                    filter if filter.starts_with("… |") => filter.replace('…', "item"),
                    test if test.starts_with("is ") && test != "is eq" => format!("item {test}"),
                    expression if expression.contains(['(', ' ']) && !expression.contains(": ") => {
                        expression.to_owned()
                    }
                    _ => continue,
                };
                if whole == "is eq" {
                    continue;
                }
                let parsed = syntax::bare_expression(&whole, Asked::Value)
                    .unwrap_or_else(|error| panic!("{whole}: {error}"));
                let named = super::super::references::of(&parsed, &whole);
                for call in named.calls {
                    assert!(
                        super::super::calls::exists(call.callee, &call.name),
                        "{whole}: {}",
                        call.name
                    );
                }
            }
        }
    }

    #[test]
    fn lists_and_maps_are_taken_apart_as_advised() {
        for (written, expected) in [
            ("{'b': 1, 'a': 2} | list | sort", "['a', 'b']"),
            ("{'a': 1} | items | map('last') | list", "[1]"),
            ("[[1, 2], [3]] | sum(start=[])", "[1, 2, 3]"),
            ("[1, 2] | chain([3]) | list", "[1, 2, 3]"),
            ("[1, 2, 3] | reject('in', [2]) | list", "[1, 3]"),
            ("[1, 2, 3] | select('in', [2]) | list", "[2]"),
            ("'abcdef'[:3]", "abc"),
            ("'a b c' | split | length", "3"),
            (
                "'x?id=42&y' | regex_replace('^.*id=(\\\\d+).*$', '$1')",
                "42",
            ),
            ("'<b>a</b>' | regex_replace('<[^>]*>', '')", "a"),
            ("'%05d' | format(7)", "00007"),
        ] {
            let value = ENGINE.compile_expression(written).unwrap().eval(());
            let shown = value.unwrap_or_else(|error| panic!("{written}: {error}"));
            assert_eq!(shown.to_string(), expected, "{written}");
        }
    }
}
