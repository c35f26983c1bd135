//! What `check` costs beside reading the YAML at all, and how it grows.
//!
//! `cargo bench --bench check` makes playbooks of 1,000 and 10,000 steps, of all kinds, checks them against everything
//! the sandbox says of its stock modules, and prints ratios: they say the same on a slow machine as on a fast one.
//! Where a ratio misses its aim, the bench fails.
//! `cargo bench --bench check -- profile` does nothing but check the larger one ten times, for a profiler.

use std::error::Error;
use std::fmt;
use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::str::FromStr;
use std::time::Duration;
use std::time::Instant;

use mimalloc::MiMalloc;
use sugarmill::check;
use sugarmill::check::Headings;
use sugarmill::diag::Colour;
use sugarmill::diag::Problems;
use sugarmill::diag::Sources;
use sugarmill::diag::Style;
use sugarmill::diag::draw;
use sugarmill::metadata;
use sugarmill::metadata::Metadata;
use sugarmill::playbook;

/// As the command has it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

type Failure = Box<dyn Error>;

/// Checking, reading included, as a multiple of reading the YAML alone.
const MOST_OF_READING: f64 = 4.0;

/// What ten times the steps may cost.
const MOST_GROWTH: f64 = 10.5;

/// Of this many measurements the least counts: what else a machine does can only add.
const ROUNDS: usize = 9;

const STEPS: [usize; 2] = [1_000, 10_000];

/// What is timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Reading,
    Check,
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[1..] {
        ["profile", ..] => {
            let (text, metadata) = (generated(STEPS[1]), stock()?);
            for _ in 0..10 {
                checked(&text, &metadata)?;
            }
            Ok(())
        }
        ["once", work, steps] => once(work.parse()?, steps.parse()?),
        _ => all(),
    }
}

/// Both sizes beside each other.
fn all() -> Result<(), Failure> {
    report("steps       bytes   reading     check   of reading   (aim ≤ 4)")?;
    // In turn, so that what slows the machine down for a while slows all of them.
    let mut times: [(Vec<Duration>, Vec<Duration>); 2] = Default::default();
    for _ in 0..ROUNDS {
        for (steps, (reading, checking)) in STEPS.iter().zip(&mut times) {
            reading.push(in_a_process_of_its_own(Work::Reading, *steps)?);
            checking.push(in_a_process_of_its_own(Work::Check, *steps)?);
        }
    }
    let least = |times: Vec<Duration>| times.into_iter().min().unwrap_or_default();
    let least = times.map(|(reading, checking)| (least(reading), least(checking)));
    let mut is_met = true;
    for (steps, (reading, checking)) in STEPS.iter().zip(&least) {
        let ratio = checking.as_secs_f64() / reading.as_secs_f64();
        is_met &= ratio <= MOST_OF_READING;
        report(&format!(
            "{steps:>6} {:>10} {reading:>9.2?} {checking:>9.2?}   {ratio:>10.2}",
            generated(*steps).len()
        ))?;
    }
    let growth = |of: fn(&(Duration, Duration)) -> Duration| {
        of(&least[1]).as_secs_f64() / of(&least[0]).as_secs_f64()
    };
    let (reading, checking) = (growth(|(reading, _)| *reading), growth(|(_, check)| *check));
    is_met &= checking <= MOST_GROWTH;
    report(&format!(
        "ten times the steps: reading × {reading:.2}, check × {checking:.2}   (aim ≤ 10.5)"
    ))?;
    if is_met {
        Ok(())
    } else {
        Err("an aim is missed".into())
    }
}

/// A command checks once and ends: memory is as new to it at either size. What a process reads of itself from the disk does
/// not grow with a playbook, so a small one goes ahead.
fn once(work: Work, steps: usize) -> Result<(), Failure> {
    let metadata = stock()?;
    let run = |text: &str| match work {
        Work::Reading => read(text),
        Work::Check => checked(text, &metadata),
    };
    run(&generated(step_count(ROUND)))?;
    let text = generated(steps);
    let time = timed(|| run(&text))?;
    report(&time.as_nanos().to_string())
}

fn in_a_process_of_its_own(work: Work, steps: usize) -> Result<Duration, Failure> {
    let once = Command::new(std::env::current_exe()?)
        .args(["once", &work.to_string(), &steps.to_string()])
        .output()?;
    if !once.status.success() {
        return Err(String::from_utf8_lossy(&once.stderr).into());
    }
    let nanoseconds = String::from_utf8(once.stdout)?.trim().parse()?;
    Ok(Duration::from_nanos(nanoseconds))
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reading => "reading",
            Self::Check => "check",
        })
    }
}

impl FromStr for Work {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        [Self::Reading, Self::Check]
            .into_iter()
            .find(|work| work.to_string() == text)
            .ok_or_else(|| format!("no work `{text}`").into())
    }
}

/// Everything a stock instance says of itself, as `metadata pull` writes it.
fn stock() -> Result<Metadata, Failure> {
    let pulled = Command::new(env!("CARGO_BIN_EXE_sugarmill"))
        .args(["metadata", "pull", "--sandbox"])
        .output()?;
    if !pulled.status.success() {
        return Err(String::from_utf8_lossy(&pulled.stderr).into());
    }
    Ok(metadata::from_text(std::str::from_utf8(&pulled.stdout)?)?.metadata)
}

/// The YAML alone, with the places of its parts.
fn read(text: &str) -> Result<(), Failure> {
    let mut sources = Sources::default();
    let source = playbook::yaml::decode("playbook.yaml", text.as_bytes(), &mut sources)
        .map_err(|_| "no text")?;
    playbook::yaml::read(source, &sources.get(source).text).map_err(|_| "no YAML")?;
    Ok(())
}

/// All that `sugarmill check` does with a playbook, except for asking the disk.
fn checked(text: &str, metadata: &Metadata) -> Result<(), Failure> {
    let mut sources = Sources::default();
    let found = |problems: &Problems, sources: &Sources| -> Failure {
        let style = Style {
            width: 100,
            colour: Colour::None,
        };
        let drawn = draw(problems, sources, style);
        let end = drawn
            .char_indices()
            .nth(2_000)
            .map_or(drawn.len(), |(at, _)| at);
        format!("the generated playbook has mistakes:\n{}", &drawn[..end]).into()
    };
    let source = playbook::yaml::decode("playbook.yaml", text.as_bytes(), &mut sources)
        .map_err(|_| "no text")?;
    let playbook = playbook::parse(source, Path::new("."), &sources)
        .map_err(|problems| found(&problems, &sources))?;
    let (checked, problems) =
        check::check_with(playbook, &sources, &Headings::new(), Some(metadata));
    // As the command does, which ends then.
    std::mem::forget(checked);
    // A playbook with mistakes would be left before the work is done.
    if problems.is_empty() {
        Ok(())
    } else {
        Err(found(&problems, &sources))
    }
}

fn timed(work: impl Fn() -> Result<(), Failure>) -> Result<Duration, Failure> {
    let (begun, used) = (Instant::now(), processor_time());
    work()?;
    Ok(match (used, processor_time()) {
        (Some(before), Some(after)) => after.saturating_sub(before),
        _ => begun.elapsed(),
    })
}

/// What this thread had of the processor, where the system says it: others that run meanwhile do not count then.
fn processor_time() -> Option<Duration> {
    // The system brings its books up to date when a thread gives way.
    std::thread::yield_now();
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = text.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

/// A migration as people write them, over and over: each round reads, creates, changes and links, builds on results of
/// its own and of the round before, and waits for that where it reads what that wrote.
fn generated(steps: usize) -> String {
    let mut text = String::from(
        "version: 1\nname: large\ndescription: A migration in many rounds\nvars:\n  \
         owner: { type: string, default: jim }\n  \
         before: { type: datetime, default: \"{{ now() - days(90) }}\" }\n  \
         stages: { type: list, default: [Prospecting, Qualification] }\n\
         limits: { max_changes: 100000, max_deletes: 100000 }\nsteps:\n",
    );
    let per_round = step_count(ROUND);
    for round in 0..steps / per_round {
        let before = round.checked_sub(1);
        let number = |number: usize| format!("{number:05}");
        let after = |steps: &[&str]| {
            let of = |before| {
                let named = steps
                    .iter()
                    .map(|step| format!("{step}_{}", number(before)));
                named.collect::<Vec<_>>().join(", ")
            };
            before.map_or(String::new(), of)
        };
        let written = ROUND
            .replace("@AFTER_DEALS@", &after(&["close", "star", "gone"]))
            .replace("@AFTER_ACCOUNTS@", &after(&["clean", "linked"]))
            .replace(
                "@OWNER@",
                &before.map_or("vars.owner".to_owned(), |before| {
                    format!("steps.owner_{}.first.user_name", number(before))
                }),
            )
            .replace("@N@", &number(round));
        text.push_str(&written);
    }
    // What is left of the number asked for.
    for rest in 0..steps % per_round {
        let _ = writeln!(text, "  - {{ id: rest_{rest}, ping: {{}} }}");
    }
    text
}

fn step_count(round: &str) -> usize {
    round.matches("  - id:").count()
}

const ROUND: &str = r#"  - id: owner_@N@
    name: The owner of round @N@
    filter: Users
    where: { user_name: "{{ @OWNER@ }}" }
    expect: { count: 1 }

  - id: accounts_@N@
    filter: Accounts
    where:
      account_type: { $in: [Customer, Prospect, Partner] }
      date_modified: { $lt: "{{ vars.before }}" }
      $or:
        - { industry: Banking, employees: { $not_empty: "" } }
        - { name: { $starts: Nelson }, billing_address_country: Germany }
        - { contacts.last_name: { $in: [Miller, Smith] } }
    order_by: "name:ASC, date_modified:DESC"
    limit: 500
    key: "{{ item.name | lower }}"
    depends_on: [@AFTER_ACCOUNTS@]

  # Each account whose people are not known yet gets a lead of its own.
  - id: leads_@N@
    for_each: "{{ steps.accounts_@N@.records }}"
    as: account
    create: Leads
    key: "round-@N@-{{ account.id }}"
    when: account.industry and account.name | length > 3
    set:
      last_name: "{{ account.name }}"
      first_name: Contact of
      lead_source: Web Site
      status: New
      account_name: "{{ account.name | upper }}"
      phone_work: "{{ account.phone_office }}"
      description: |
        Made for {{ account.name }} in {{ account.billing_address_city }},
        which {{ vars.owner }} looks after.
      assigned_user_id: "{{ steps.owner_@N@.first.id }}"
    on_error: { not_authorized: ignore }

  - id: handed_over_@N@
    for_each: "{{ steps.accounts_@N@.records }}"
    as: account
    update: Accounts
    record: "{{ account.id }}"
    when: "{{ account.assigned_user_id != steps.owner_@N@.first.id }}"
    set:
      assigned_user_id: "{{ steps.owner_@N@.first.id }}"
      account_type: Customer
      industry: Technology
      employees: 250
      website: https://example.com/@N@
    verify: { website: warn }
    max: 1000
    tags: [accounts, round_@N@]

  - id: notes_@N@
    for_each: "$.steps.accounts_@N@.records[?@.industry == 'Banking']"
    as: account
    create: Notes
    key: "{{ account.id }}"
    set:
      name: "Handed over to {{ steps.owner_@N@.first.full_name }}"
      description: Handed over in round @N@
      parent_type: Accounts
      parent_id: "{{ account.id }}"

  - id: people_@N@
    related: Accounts
    record: "{{ steps.accounts_@N@.first.id }}"
    through: contacts
    fields: [first_name, last_name, account_id, email1, lead_source]
    where: { lead_source: { $in: [Campaign, Employee] }, do_not_call: false }
    select: "$.records[?@.last_name == 'Miller'].id"

  - id: contact_@N@
    for_each:
      - { code: A-@N@, last: Miller, first: Ann, stage: Qualification }
      - { code: B-@N@, last: Smith, first: Bob, stage: Prospecting }
    as: row
    upsert: Contacts
    match: { email1: "{{ row.code | lower }}@example.com" }
    key: "{{ row.code }}"
    set:
      first_name: "{{ row.first }}"
      last_name: "{{ row.last }}"
      salutation: Dr.
      lead_source: Conference
      birthdate: 1980-01-31
      account_id: "{{ steps.accounts_@N@.first.id }}"
    depends_on: [people_@N@]

  - id: linked_@N@
    for_each: "{{ steps.leads_@N@.items }}"
    link: Accounts
    record: "{{ item.source.id }}"
    through: leads
    to: "{{ item.id }}"
    on_error: { not_found: ignore }

  - id: open_@N@
    filter: Opportunities
    where:
      sales_stage: { $in: "{{ vars.stages }}" }
      date_closed: { $lt: "2026-01-01" }
      amount: { $between: [1000, 250000] }
    fields: [name, sales_stage, amount, account_id, date_closed]
    depends_on: [@AFTER_DEALS@]

  - id: close_@N@
    for_each: "{{ steps.open_@N@.records }}"
    as: deal
    update: Opportunities
    record: "{{ deal.id }}"
    set:
      sales_stage: "{{ 'Closed Won' if deal.amount | float > 100000 else 'Closed Lost' }}"
      next_step: "closed by {{ lookup(steps.owner_@N@, 'user_name', vars.owner, none).id }}"
      probability: 0

  - id: deal_@N@
    create: Opportunities
    key: deal-@N@
    set:
      name: Renewal @N@
      amount: "1250.00"
      currency_id: "-99"
      date_closed: 2026-12-31
      sales_stage: Prospecting
      opportunity_type: Existing Business
      account_id: "{{ steps.accounts_@N@.by_key['nelson inc'].id }}"
      assigned_user_id: "{{ steps.owner_@N@.first.id }}"

  - id: task_@N@
    for_each: "{{ steps.contact_@N@.items }}"
    create: Tasks
    key: "{{ item.id }}"
    set:
      name: "Call {{ item.first_name }} {{ item.last_name }}"
      status: Not Started
      priority: High
      date_due: "{{ now() + days(7) }}"
      parent_type: Opportunities
      parent_id: "{{ steps.deal_@N@.id }}"
      contact_id: "{{ item.id }}"

  - id: star_@N@
    favorite: Opportunities
    record: "{{ steps.deal_@N@.id }}"

  - id: clean_@N@
    for_each: "{{ steps.handed_over_@N@.items }}"
    as: done
    update: Accounts
    record: "{{ done.id }}"
    add: { tag: [handed over, "round @N@"] }
    when: done.outcome != "failed"

  - id: gone_@N@
    for_each: "{{ steps.people_@N@.records }}"
    as: person
    unlink: Opportunities
    record: "{{ steps.deal_@N@.id }}"
    through: contacts
    to: "{{ person.id }}"

  - id: complete_@N@
    assert:
      - steps.leads_@N@.failed == 0
      - steps.contact_@N@.by_key["A-@N@"].last_name == "Miller"
      - steps.people_@N@.selected | length <= steps.people_@N@.count
    message: "round @N@ is not complete: {{ steps.leads_@N@.labels['not_found'] | default(0) }} are missing"

"#;

fn report(line: &str) -> Result<(), Failure> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}
