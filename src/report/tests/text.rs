//! The text report at 80 columns.

use super::fixtures;
use crate::diag::Colour;
use crate::diag::Style;
use crate::report::Listing;
use crate::report::Privacy;
use crate::report::TextOptions;
use crate::report::write_text;
use crate::runfile::RunFile;

const PLAIN: TextOptions = TextOptions {
    style: Style {
        width: 80,
        colour: Colour::None,
    },
    privacy: Privacy::Hide,
    listing: Listing::Brief,
};

fn text(file: RunFile, options: TextOptions) -> String {
    let path = file.path().display().to_string();
    let view = fixtures::view(file);
    let mut out = Vec::new();
    write_text(&view, options, &mut out).unwrap();
    // The folder is another one every time.
    String::from_utf8(out)
        .unwrap()
        .replace(&path, "import-customers.run")
}

fn of(make: fn(&std::path::Path) -> RunFile, options: TextOptions) -> String {
    text(make(tempfile::tempdir().unwrap().path()), options)
}

#[test]
fn a_plan() {
    insta::assert_snapshot!(of(fixtures::plan, PLAIN));
}

#[test]
fn a_refused_plan() {
    insta::assert_snapshot!(of(fixtures::refused, PLAIN));
}

#[test]
fn a_run_with_failures() {
    insta::assert_snapshot!(of(fixtures::finished, PLAIN));
}

#[test]
fn a_run_with_all_its_operations() {
    let all = TextOptions {
        listing: Listing::All,
        privacy: Privacy::Show,
        ..PLAIN
    };
    insta::assert_snapshot!(of(fixtures::finished, all));
}

#[test]
fn an_interrupted_run() {
    insta::assert_snapshot!(of(fixtures::interrupted, PLAIN));
}

#[test]
fn a_run_without_failures() {
    insta::assert_snapshot!(of(fixtures::succeeded, PLAIN));
}
