//! What YAML becomes.

use std::fmt::Write as _;

use super::super::Node;
use super::decode;
use super::read;
use crate::diag::Colour;
use crate::diag::Located;
use crate::diag::Sources;
use crate::diag::Style;
use crate::diag::draw;

const PLAIN: Style = Style {
    width: 80,
    colour: Colour::None,
};

fn tree(text: &str) -> String {
    let mut sources = Sources::default();
    let source = sources.add("a.yaml", text);
    let mut out = String::new();
    match read(source, text) {
        Ok(root) => show(&sources, &root, 0, &mut out),
        Err(problems) => {
            for problem in &problems {
                writeln!(out, "{}: {}", problem.code.0, problem.message).unwrap();
                for (span, label) in &problem.labels {
                    writeln!(out, "  {:?} {label}", sources.text(*span)).unwrap();
                }
            }
        }
    }
    out
}

fn show(sources: &Sources, node: &Located<Node>, depth: usize, out: &mut String) {
    let pad = "  ".repeat(depth);
    writeln!(
        out,
        "{pad}{} {:?}",
        node.value.kind(),
        sources.text(node.span)
    )
    .unwrap();
    match &node.value {
        Node::List(items) => items
            .iter()
            .for_each(|item| show(sources, item, depth + 1, out)),
        Node::Map(entries) => {
            for (key, value) in entries {
                writeln!(out, "{pad}  = {} {:?}", key.value, sources.text(key.span)).unwrap();
                show(sources, value, depth + 1, out);
            }
        }
        _ => {}
    }
}

#[test]
fn every_part_has_its_place() {
    insta::assert_snapshot!(tree(
        "a: &x\n  b: [1, {c: d}, ]  # no\n  e:\n    - f\n    - 'g h'\nz: *x\ny:\n  <<: *x\n  b: over\n"
    ));
    insta::assert_snapshot!(tree(
        "\u{feff}a: |\r\n  ä\r\n  y\r\nb: >-\r\n  z\r\nc: {}\r\nd: []\r\ne:\r\nf: \"ö {{ x }}\""
    ));
}

#[test]
fn scalars_keep_what_was_written() {
    insta::assert_snapshot!(tree(
        "a: NO\nb: on\nc: 2024-01-01\nd: 0755\ne: +49301\nf: 1_000\ng: 1.50\nh: ~\ni: 0x1F\nj: true\n2024: k\ntrue: l\n"
    ));
    insta::assert_snapshot!(tree(
        "a: 99999999999999999999999\nb: 18446744073709551615\nc: .nan\nd: -9223372036854775809\n"
    ));
}

#[test]
fn a_mistake_in_an_anchored_value_is_told_once() {
    let said = tree("a: &a { b: 1, b: 2 }\nc: *a\nd: { <<: *a, e: *a }\n");
    assert_eq!(said.matches("duplicate_key").count(), 1, "{said}");
}

#[test]
fn depth_and_copies_are_bounded() {
    let mut deep = String::new();
    for depth in 0..100 {
        writeln!(deep, "{}a:", "  ".repeat(depth)).unwrap();
    }
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let copies = vec![format!("*a{}", level - 1); 9].join(", ");
        writeln!(laughs, "a{level}: &a{level} [{copies}]").unwrap();
    }
    for text in [
        "[".repeat(10_000),
        "{a: ".repeat(10_000),
        "- ".repeat(10_000),
        deep,
        laughs,
    ] {
        assert!(tree(&text).starts_with("yaml_limit"), "{}", tree(&text));
    }
}

#[test]
fn bytes_become_text_or_one_problem() {
    let read = |bytes: &[u8]| {
        let mut sources = Sources::default();
        decode("a.yaml", bytes, &mut sources)
            .map(|source| sources.get(source).text.to_string())
            .map_err(|problems| draw(&problems, &sources, PLAIN))
    };
    assert_eq!(read(b"\xef\xbb\xbfa: 1").unwrap(), "a: 1");
    assert_eq!(read(b"\xff\xfea\0:\0 \x001\0").unwrap(), "a: 1");
    assert_eq!(read(b"\xfe\xff\0a\0:\0 \x001").unwrap(), "a: 1");
    assert_eq!(read("a: \u{fffd}".as_bytes()).unwrap(), "a: \u{fffd}");
    for (bytes, place) in [
        (&b"a: 1\nb: \xfc\n"[..], "a.yaml:2:4"),
        (b"\xff", "a.yaml:1:1"),
        (b"\xef\xbb\xbfa: \xe2\x82", "a.yaml:1:4"),
        (b"\xff\xfea\0\n\0\x00\xd8b\0", "a.yaml:2:1"),
        (b"\xff\xfea\0b", "a.yaml:1:2"),
    ] {
        let said = read(bytes).unwrap_err();
        assert!(said.contains(place), "{said}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "[-\\[\\]{}:,&*!|>'\"%@`#?<a1.~ \t\r\n\u{0}\u{1b}\u{feff}äx]{0,60}") {
        tree(&text);
    }
}
