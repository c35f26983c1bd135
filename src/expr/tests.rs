//! Expressions over results held in memory.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use jiff::tz::TimeZone;
use serde_json::Map;
use serde_json::Value as Json;
use serde_json::json;

use super::*;
use crate::diag::Located;
use crate::diag::Sources;
use crate::diag::Span;
use crate::wire::Label;
use crate::wire::LocalLabel;

/// Step `read` has two records; step `made` has a known, a planned, a deferred and a failed item; `later` is pending.
#[derive(Debug)]
struct Memory;

fn record(value: &Json) -> Map<String, Json> {
    value.as_object().unwrap().clone()
}

impl Results for Memory {
    fn step(&self, name: &str) -> Result<Option<StepResult>, ResultsError> {
        let (number, effect, repeat, phase, items, records) = match name {
            "read" => (0, Effect::Reads, Repeat::Once, Phase::Settled, 1, 2),
            "made" => (1, Effect::Writes, Repeat::ForEach, Phase::Open, 4, 0),
            "later" => (2, Effect::Reads, Repeat::Once, Phase::Pending, 0, 0),
            _ => return Ok(None),
        };
        Ok(Some(StepResult {
            number: StepNo(number),
            effect,
            repeat,
            phase,
            items,
            records,
            count: None,
            bad: None,
        }))
    }

    fn item(&self, step: StepNo, index: u64) -> Result<Option<ItemResult>, ResultsError> {
        let seq = Seq::new(step, index);
        let failed: Label = LocalLabel::Drift.into();
        let (standing, known, outcome) = match index {
            0 => (Standing::Known, json!({ "id": "k", "name": "Known" }), "ok"),
            1 => (
                Standing::Predicted(seq),
                json!({ "id": "p", "name": "Planned" }),
                "planned",
            ),
            2 => (Standing::Waiting(seq), json!({}), "deferred"),
            _ => (
                Standing::Bad {
                    operation: seq,
                    label: Some(failed),
                },
                json!({}),
                "failed",
            ),
        };
        let source = ItemSource::Value(json!({ "code": format!("c{index}") }));
        let record = record(&known);
        Ok(Some(ItemResult {
            standing,
            key: None,
            record,
            records: 1,
            count: None,
            outcome,
            label: None,
            source,
        }))
    }

    fn by_key(&self, _: StepNo, key: &str) -> Result<Option<KeyHit>, ResultsError> {
        Ok(key
            .strip_prefix('c')
            .and_then(|index| index.parse().ok())
            .map(KeyHit::Item))
    }

    fn records(
        &self,
        _: StepNo,
        range: Range<u64>,
    ) -> Result<Vec<Map<String, Json>>, ResultsError> {
        let all = [
            json!({ "id": "1", "name": "One" }),
            json!({ "id": "2", "name": "Two" }),
        ];
        let (from, to) = (
            usize::try_from(range.start).unwrap(),
            usize::try_from(range.end).unwrap(),
        );
        Ok(all[from..to.min(2)].iter().map(record).collect())
    }

    fn find(&self, _: StepNo, field: &str, value: &str) -> Result<Hit, ResultsError> {
        Ok(match (field, value) {
            ("name", "Two") => Hit::One(record(&json!({ "id": "2", "name": "Two" }))),
            ("kind", "a") => Hit::Several,
            _ => Hit::None,
        })
    }

    fn selected(&self, _: StepNo, _: Option<u64>) -> Result<Option<Json>, ResultsError> {
        Ok(None)
    }

    fn tally(&self, _: StepNo) -> Result<Tally, ResultsError> {
        Ok(Tally {
            outcome: "ok",
            ..Tally::default()
        })
    }

    fn item_records(
        &self,
        _: StepNo,
        _: u64,
        _: Range<u64>,
    ) -> Result<Vec<Map<String, Json>>, ResultsError> {
        Ok(Vec::new())
    }
}

fn template(text: &str) -> (Template, Sources) {
    let mut sources = Sources::default();
    let source = sources.add("test", text);
    let span = Span::new(source, 0..text.len());
    let template = Template::compile(&Located::new(text.to_owned(), span), &sources).unwrap();
    (template, sources)
}

fn world() -> World {
    let now = "2026-03-01T12:00:00Z"
        .parse::<jiff::Timestamp>()
        .unwrap()
        .to_zoned_datetime(TimeZone::UTC);
    World::new(
        Arc::new(Memory),
        &record(&json!({ "n": 3, "name": "Ada", "none": null })),
        now,
    )
}

fn eval(text: &str) -> (Result<Rendered, Failure>, Touched) {
    let scope = world().item_scope_in(
        None,
        "row",
        ItemSource::Value(json!({ "code": "c1", "empty": "" })),
    );
    let result = template(text).0.eval(&scope);
    (result, scope.take_touched())
}

fn holds(text: &str) -> Result<bool, Failure> {
    let mut sources = Sources::default();
    let source = sources.add("test", text);
    let span = Span::new(source, 0..text.len());
    let text = Located::new(text.to_owned(), span);
    let template = Template::compile_expression(&text, &sources).unwrap();
    template.holds(&world().scope())
}

fn value(text: &str) -> Json {
    match eval(text).0 {
        Ok(Rendered::Value(value)) => value,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn a_lone_template_keeps_its_type() {
    assert_eq!(value("{{ vars.n }}"), json!(3));
    assert_eq!(value("{{ [vars.n, true, none] }}"), json!([3, true, null]));
    assert_eq!(value("{{ steps.read.ids }}"), json!(["1", "2"]));
    assert_eq!(value("{{ steps.read.count }}"), json!(2));
    assert_eq!(
        value("n is {{ vars.n }}, {{ true }}"),
        json!("n is 3, true")
    );
    assert_eq!(
        value("{% if vars.n > 2 %}many{% else %}few{% endif %}"),
        json!("many")
    );
    assert_eq!(
        value("{{ [none, 1.5] }} {{ {'a': true, 'd': today()} }}"),
        json!(r#"[null,1.5] {"a":true,"d":"2026-03-01"}"#)
    );
    assert_eq!(value("no template"), json!("no template"));
    assert_eq!(eval("{{ omit }}").0, Ok(Rendered::Omit));
}

#[test]
fn dates_are_computed_from_the_plans_now() {
    assert_eq!(value("{{ now() }}"), json!("2026-03-01T12:00:00+00:00"));
    assert_eq!(
        value("{{ now() - days(90) }}"),
        json!("2025-12-01T12:00:00+00:00")
    );
    assert_eq!(value("{{ today() + weeks(1) }}"), json!("2026-03-08"));
    assert_eq!(
        value("{{ today() - months(1) - days(1) }}"),
        json!("2026-01-31")
    );
    assert_eq!(
        value("{{ parse_date('31.12.2026', '%d.%m.%Y') }}"),
        json!("2026-12-31")
    );
    assert_eq!(
        value("{{ today() - parse_date('2026-02-27', '%Y-%m-%d') }}"),
        json!(2)
    );
    assert_eq!(
        value("since {{ today() | date('%d/%m') }}"),
        json!("since 01/03")
    );
    for (text, expected) in [
        ("{{ '2026-03-04' - '2026-03-01' }}", json!(3)),
        (
            "{% set w = days(3) %}{{ '2026-03-01' + w }}",
            json!("2026-03-04"),
        ),
        (
            "{{ '2026-03-01' + (days(3) if vars.n else days(1)) }}",
            json!("2026-03-04"),
        ),
        ("{{ today() + -days(1) }}", json!("2026-02-28")),
        (
            "{{ today() + (-(days(1) + days(1))) }}",
            json!("2026-02-27"),
        ),
        ("{{ vars.n + vars.n - -vars.n }}", json!(9)),
        ("{{ vars.name + 'x' }}", json!("Adax")),
        ("{{ [1] + [vars.n] }}", json!([1, 3])),
        ("{{ 2 - 1 + vars.n }}", json!(4)),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
    for text in [
        "{{ vars.name - 'x' }}",
        "{{ vars.none + vars.n }}",
        "{{ nothing + days(1) }}",
        "{{ -vars.name }}",
    ] {
        assert!(
            matches!(eval(text).0, Err(Failure::Template { .. })),
            "{text}"
        );
    }
    assert!(eval("{{ today() - hours(1) }}").0.is_err());
    assert!(eval("{{ parse_date('soon', '%Y') }}").0.is_err());
}

#[test]
fn a_date_that_does_not_read_says_what_would() {
    for (text, says) in [
        (
            "{{ parse_date('12/31/25', '%d.%m.%Y') }}",
            "`12/31/25` does not read as `%d.%m.%Y`, such as `31.12.2025`",
        ),
        (
            "{{ parse_date(' ', '%d.%m.%Y') }}",
            "an empty text is no date; `{{ parse_date(x, …) if x else omit }}` leaves the field out",
        ),
    ] {
        let said = eval(text).0.unwrap_err().to_string();
        assert!(said.contains(says), "{said}");
    }
}

#[test]
fn numbers_are_compared_as_numbers_also_where_they_are_text() {
    for text in [
        "'9000.000000' < 10000",
        "not ('9000' > 10000)",
        "'25500' > '9000'",
        "94500 == '94500.000000'",
        "'94500.000000' != 94501",
        "'007' != '7' and '007' == 7",
        "5 in ['4', '5.0'] and '5' in [4, 5] and 6 not in ['5']",
        "'b' > 'a' and '10' < 'a'",
        "([{'n': '120'}, {'n': '9000'}] | selectattr('n', 'gt', 1000) | length) == 1",
        "([{'n': '9000'}, {'n': '25500'}, {'n': '120'}] | sort(attribute='n') | map(attribute='n') | join) == '120900025500'",
        "([{'n': '9'}, {'n': '10'}] | sort(attribute='n', reverse=true) | first).n == '10'",
        "(['9000', '25500'] | max) == '25500' and (['9', 10] | min) == '9'",
        "(['b', 'a', '3'] | sort | first) == '3'",
        "'1' == true and false == 'FALSE' and '2' != true",
    ] {
        assert_eq!(value(&format!("{{{{ {text} }}}}")), json!(true), "{text}");
    }
    for text in [
        "'' > 5",
        "none < 5",
        "'many' >= 5",
        "5 < [1]",
        "['9', '10'] | max(by='n')",
        "'2026-01-01' > 5",
    ] {
        let (result, _) = eval(&format!("{{{{ {text} }}}}"));
        assert!(
            matches!(result, Err(Failure::Template { .. })),
            "{text}: {result:?}"
        );
    }
}

#[test]
fn text_says_yes_or_no_in_one_way_wherever_it_is_asked() {
    for (said, is_yes) in [
        ("'true'", true),
        ("'false'", false),
        ("'FALSE'", false),
        ("'0'", false),
        ("'1'", true),
        ("''", false),
        ("'no'", true),
        ("0", false),
        ("none", false),
        ("[]", false),
    ] {
        for asked in [
            format!("{said} and true"),
            format!("not not {said}"),
            format!("{said} or false"),
            format!("true if {said} else false"),
            format!("{said} | bool"),
        ] {
            assert_eq!(holds(&asked), Ok(is_yes), "{asked}");
        }
        assert_eq!(holds(said), Ok(is_yes), "{said}");
        let block = format!("{{% if {said} %}}yes{{% else %}}no{{% endif %}}");
        assert_eq!(
            value(&block),
            json!(if is_yes { "yes" } else { "no" }),
            "{block}"
        );
    }
    // What an expression gives stays what it is.
    assert_eq!(value("{{ 'false' or 'x' }}"), json!("false"));
}

#[test]
fn a_replacement_names_groups_that_are_there() {
    assert_eq!(
        value("{{ 'abc' | regex_replace('(a)', '${1}x$$') }}"),
        json!("ax$bc")
    );
    assert_eq!(
        value("{{ 'abc' | regex_replace('(?P<l>a)', '$l-$0') }}"),
        json!("a-abc")
    );
    for replacement in ["$1x", "$2", "[$1_]", "${l}"] {
        let text = format!("{{{{ 'abc' | regex_replace('(a)', '{replacement}') }}}}");
        assert!(
            matches!(eval(&text).0, Err(Failure::Template { .. })),
            "{text}"
        );
    }
}

#[test]
fn dates_are_compared_as_dates() {
    for text in [
        "'2026-02-28' < today()",
        "'2099-01-31' > today()",
        "today() == '2026-03-01'",
        "'2026-03-01' != today() + days(1)",
        "'2026-02-01' < '2026-02-15' < today()",
        "'2026-03-01T12:30:00+01:00' < now()",
        "'2026-03-01T13:00:00+01:00' == now()",
        "today() in ['2026-01-01', '', '2026-03-01']",
        "'2026-03-01' in [today()]",
        "'2026-03-02' not in [today()]",
        "today() is gt('2026-02-01')",
        "'2026-02-01' is in([today(), '2026-02-01'])",
        "today() != ''",
        "not (none == now())",
        "(['2026-04-01', today()] | max) == '2026-04-01'",
        "(['2026-04-01', today()] | sort | first) == today()",
        "([{'d': '2026-01-01'}, {'d': '2027-01-01'}] | selectattr('d', 'lt', today()) | length) == 1",
        "1 < 2 <= 2 and 'a' in ['a', 'b'] and 'b' in 'abc' and 'x' in {'x': 1}",
    ] {
        assert_eq!(value(&format!("{{{{ {text} }}}}")), json!(true), "{text}");
    }
    for text in [
        "'soon' < today()",
        "'' < today()",
        "none < now()",
        "today() == 'soon'",
        "today() < now()",
        "'2026-03-01' < now()",
        "5 > today()",
        "today() - parse_date('2026-02-27', '%Y-%m-%d') > days(1)",
        "['soon', today()] | min",
        "nothing == 1",
        "vars.nam in [1]",
    ] {
        let (result, _) = eval(&format!("{{{{ {text} }}}}"));
        assert!(
            matches!(result, Err(Failure::Template { .. })),
            "{text}: {result:?}"
        );
    }
    assert_eq!(eval("{{ steps.later.count < 3 }}").0, Err(Failure::Unknown));
    assert!(matches!(
        eval("{{ steps.made.items[3].id == 'x' }}").0,
        Err(Failure::Bad { .. })
    ));
}

#[test]
fn times_without_an_offset_are_of_the_zone_that_is_set() {
    let evaluated = |text: &str, zone: Option<&str>| {
        let zone = zone.map(|name| TimeZone::get(name).unwrap());
        template(text).0.eval(&world().in_zone(zone).scope())
    };
    for (text, expected) in [
        (
            "{{ parse_date('31.12.2026 10:30', '%d.%m.%Y %H:%M') }}",
            "2026-12-31T10:30:00+01:00",
        ),
        (
            "{{ parse_date('01.07.2026 00:00', '%d.%m.%Y %H:%M') }}",
            "2026-07-01T00:00:00+02:00",
        ),
        (
            "{{ '2026-07-01T10:00:00' + hours(1) }}",
            "2026-07-01T11:00:00+02:00",
        ),
        (
            "{{ '2026-07-02T00:30:00+02:00' | date('%d.%m.%Y %H:%M') }}",
            "02.07.2026 00:30",
        ),
        (
            "{{ '2026-03-01T13:00:01' > now() }} {{ '2026-03-01T13:00:00' == now() }}",
            "true true",
        ),
    ] {
        assert_eq!(
            evaluated(text, Some("Europe/Berlin")),
            Ok(Rendered::Value(json!(expected))),
            "{text}"
        );
        let unset = evaluated(text, None);
        assert!(
            text.contains("+02:00") || matches!(unset, Err(Failure::Template { .. })),
            "{text}: {unset:?}"
        );
    }
    let day = "{{ parse_date('31.12.2026', '%d.%m.%Y') }}";
    assert_eq!(
        evaluated(day, None),
        Ok(Rendered::Value(json!("2026-12-31")))
    );
    let own = "{{ parse_date('2026-12-31 10:30 +0300', '%Y-%m-%d %H:%M %z') }}";
    assert_eq!(
        evaluated(own, Some("Europe/Berlin")),
        Ok(Rendered::Value(json!("2026-12-31T10:30:00+03:00")))
    );
}

#[test]
fn undefined_and_null_are_never_printed() {
    for text in [
        "{{ nothing }}",
        "{{ vars.nam }}",
        "{{ [vars.nam] }}",
        "x {{ vars.none }}",
        "{{ steps.nope.id }}",
    ] {
        assert!(
            matches!(eval(text).0, Err(Failure::Template { .. })),
            "{text}: {:?}",
            eval(text)
        );
    }
}

#[test]
fn what_is_read_is_recorded() {
    let (result, touched) = eval("{{ steps.made.by_key[row.code].id }}");
    assert_eq!(result, Ok(Rendered::Value(json!("p"))));
    assert_eq!(
        touched.operations,
        BTreeMap::from([(Seq::new(StepNo(1), 1), EdgeKind::PredictedId)])
    );

    let (result, touched) = eval("{{ steps.made.items[1].name }} and {{ steps.read.first.name }}");
    assert_eq!(result, Ok(Rendered::Value(json!("Planned and One"))));
    assert_eq!(
        touched.operations,
        BTreeMap::from([(Seq::new(StepNo(1), 1), EdgeKind::Value)])
    );
    assert_eq!(touched.steps.len(), 1);
}

#[test]
fn what_is_not_known_yet_outweighs_an_error() {
    for text in [
        "{{ steps.made.items[1].industry }}",
        "{{ steps.made.items[2].id }}",
        "{{ steps.made.ids }}",
        "{{ steps.later.first.id }}",
        "{{ steps.made.items[1].industry ~ nothing }}",
        "{{ [steps.later.records] }}",
    ] {
        assert_eq!(eval(text).0, Err(Failure::Unknown), "{text}");
    }
}

#[test]
fn bad_items_and_missing_keys_are_told_apart() {
    assert!(matches!(
        eval("{{ steps.made.items[3].id }}").0,
        Err(Failure::Bad { .. })
    ));
    assert_eq!(value("{{ steps.made.items[3].outcome }}"), json!("failed"));
    assert_eq!(value("{{ steps.made.items[3].source.code }}"), json!("c3"));
    assert_eq!(
        eval("{{ steps.made.by_key['zz'].id }}").0,
        Err(Failure::MissingKey {
            step: "made".into(),
            sought: Sought::Key(Some("zz".into()))
        })
    );
    for (key, sought) in [
        ("true", Sought::Key(Some("true".into()))),
        ("7", Sought::Key(Some("7".into()))),
        ("none", Sought::Key(None)),
        ("''", Sought::Key(None)),
    ] {
        assert_eq!(
            eval(&format!("{{{{ steps.made.by_key[{key}].id }}}}")).0,
            Err(Failure::MissingKey {
                step: "made".into(),
                sought
            })
        );
    }
    assert!(matches!(
        eval("{{ steps.made.by_key[1.5].id }}").0,
        Err(Failure::Template { .. })
    ));
}

#[test]
fn one_record_is_looked_up() {
    assert_eq!(
        value("{{ lookup(steps.read, 'name', 'Two').id }}"),
        json!("2")
    );
    assert_eq!(value("{{ lookup('read', 'name', 'Two').id }}"), json!("2"));
    assert_eq!(
        value("{{ lookup(steps.read, 'name', 'Six', none) }}"),
        json!(null)
    );
    assert_eq!(
        eval("{{ lookup(steps.read, 'name', 'Six').id }}").0,
        Err(Failure::MissingKey {
            step: "read".into(),
            sought: Sought::Record {
                field: "name".into(),
                value: "Six".into()
            }
        })
    );
    assert!(matches!(
        eval("{{ lookup(steps.read, 'kind', 'a').id }}").0,
        Err(Failure::Template { .. })
    ));
    for later in ["later", "made"] {
        let text = format!("{{{{ lookup(steps.{later}, 'name', 'Two').id }}}}");
        assert_eq!(eval(&text).0, Err(Failure::Unknown), "{later}");
    }
}

#[test]
fn a_search_refers_to_the_field_it_compares_and_to_the_one_it_gives() {
    let (template, _) = template("{{ lookup(steps.read, 'name', row.company).phone }}");
    let found: Vec<Vec<Option<&str>>> = template
        .references()
        .iter()
        .map(|reference| (0..4).map(|place| reference.name(place)).collect())
        .collect();
    assert_eq!(
        found[0],
        [Some("read"), Some("records"), None, Some("name")]
    );
    assert_eq!(found[1][0], Some("company"));
    assert_eq!(
        found[2],
        [Some("read"), Some("records"), None, Some("phone")]
    );
}

#[test]
fn records_with_an_equal_value_are_put_together() {
    let list = "[{'k': 'a', 'n': 1}, {'k': 'b', 'n': 2}, {'k': 'a', 'n': 3}]";
    assert_eq!(
        value(&format!("{{{{ group({list}, 'k') }}}}")),
        json!([
            { "key": "a", "records": [{ "k": "a", "n": 1 }, { "k": "a", "n": 3 }] },
            { "key": "b", "records": [{ "k": "b", "n": 2 }] },
        ])
    );
    assert!(eval(&format!("{{{{ group({list}, 'x') }}}}")).0.is_err());
}

#[test]
fn references_are_found_with_their_places() {
    let text = "{{ steps.made.by_key[row.code].id }} {% for r in steps.read.records %}{{ r.id }}{% endfor %}";
    let (template, _) = template(text);
    let found: Vec<(&str, Option<&str>, &str)> = template
        .references()
        .iter()
        .map(|reference| {
            (
                reference.root.as_ref(),
                reference.name(0),
                &text[reference.range.clone()],
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("row", Some("code"), "row.code"),
            ("steps", Some("made"), "steps.made.by_key[row.code].id"),
            ("steps", Some("read"), "steps.read.records"),
            ("steps", Some("read"), "r.id"),
        ]
    );
}

#[test]
fn lists_are_walked_as_items_or_values() {
    let scope = world().scope();
    let items: Vec<_> = ItemList::of_template(&template("{{ steps.made.items }}").0, &scope)
        .unwrap()
        .collect();
    assert_eq!(
        items[2],
        Ok(ItemSource::Item {
            step: StepNo(1),
            index: 2
        })
    );
    let path = Path::parse("$.steps.read.records[?@.name == 'Two']").unwrap();
    let found: Vec<_> = ItemList::of_path(&path, &scope).unwrap().collect();
    assert_eq!(
        found,
        [Ok(ItemSource::Value(json!({ "id": "2", "name": "Two" })))]
    );
    let pending = Path::parse("$.steps.later.records[*]").unwrap();
    assert_eq!(
        ItemList::of_path(&pending, &scope).err(),
        Some(Failure::Unknown)
    );
    assert!(ItemList::of_template(&template("{{ vars.n }}").0, &scope).is_err());
}

#[test]
fn runaway_templates_are_stopped() {
    let text =
        "{% for a in range(9000) %}{% for b in range(9000) %}{{ a }}{% endfor %}{% endfor %}";
    assert!(matches!(
        eval(text).0,
        Err(Failure::Template { message, span: Some(_) }) if message.starts_with("this takes too many steps")
    ));
}

#[test]
fn conditions_need_no_braces() {
    let scope = world().scope();
    let read = |text: &str| {
        let mut sources = Sources::default();
        let source = sources.add("test", text);
        let span = Span::new(source, 0..text.len());
        Template::compile_expression(&Located::new(text.to_owned(), span), &sources)
    };
    let holds = |text: &str| read(text).unwrap().holds(&scope);
    assert_eq!(holds("vars.n == 3"), Ok(true));
    assert_eq!(holds("{{ vars.n > 3 }}"), Ok(false));
    assert!(read("{{ vars.n }} == {{ vars.n }}").is_err());
}
