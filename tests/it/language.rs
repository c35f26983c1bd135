//! Good playbooks, each with what is read from it.

use std::fmt::Write as _;
use std::path::Path;

use sugarmill::diag::Colour;
use sugarmill::diag::Sources;
use sugarmill::diag::Style;
use sugarmill::diag::draw;
use sugarmill::playbook;

#[test]
fn every_good_playbook_is_read() {
    insta::glob!("../language", "*.yaml", |path| {
        let mut sources = Sources::default();
        let style = Style {
            width: 80,
            colour: Colour::None,
        };
        if let Err(problems) = playbook::load(path, &mut sources) {
            panic!("{}", draw(&problems, &sources, style));
        }
    });
}

/// Ten times the steps take ten times as long, give or take what a busy machine adds.
#[test]
fn time_grows_with_the_number_of_steps_only() {
    let least_of_three = |steps| (0..3).map(|_| time_to_read(steps)).min();
    let small = least_of_three(1_000).unwrap();
    let large = least_of_three(10_000).unwrap();
    assert!(
        large < small * 40,
        "1,000 steps: {small:?}, 10,000 steps: {large:?}"
    );
}

fn time_to_read(steps: usize) -> std::time::Duration {
    let mut text = "version: 1\nname: long\nsteps:\n".to_owned();
    for number in 0..steps {
        write!(
            text,
            "  - id: step_{number}\n    update: Leads\n    record: \"{{{{ steps.x.id }}}}\"\n    set: {{ status: New, name: n{number} }}\n    depends_on: [step_{}]\n",
            number / 2,
        )
        .expect("a string takes any text");
    }
    let mut sources = Sources::default();
    let source = sources.add("long.yaml", text);
    let begun = std::time::Instant::now();
    let playbook = playbook::parse(source, Path::new("."), &sources);
    let taken = begun.elapsed();
    assert_eq!(playbook.map(|playbook| playbook.steps.len()), Ok(steps));
    taken
}
