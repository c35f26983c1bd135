//! How a live run is shown on stderr: a bar on a terminal, a plain line every ten seconds elsewhere.

use std::fmt::Write;
use std::time::Duration;
use std::time::Instant;

use indicatif::ProgressBar;
use indicatif::ProgressDrawTarget;
use indicatif::ProgressState;
use indicatif::ProgressStyle;

use super::printer;
use super::settings::Settings;
use super::settings::Talk;
use crate::event::Activity;
use crate::event::Event;
use crate::event::Listener;
use crate::event::Progress;
use crate::report::progress_line;

/// Between two lines where there is no terminal.
const BETWEEN: Duration = Duration::from_secs(10);

pub(crate) struct Shown {
    settings: Settings,
    bar: Option<ProgressBar>,
    began: Instant,
    last: Instant,
    /// What was settled before this command, which says nothing of its rate.
    settled_before: Option<u64>,
}

impl Shown {
    pub(crate) fn new(settings: &Settings) -> Self {
        let bar =
            (settings.environment.stderr_is_terminal && settings.talk > Talk::Quiet).then(bar);
        let now = Instant::now();
        Self {
            settings: settings.clone(),
            bar,
            began: now,
            last: now,
            settled_before: None,
        }
    }

    /// The bar goes; what was shown is history.
    pub(crate) fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn progress(&mut self, progress: Progress) {
        let before = *self.settled_before.get_or_insert(progress.settled());
        if let Some(bar) = &self.bar {
            bar.set_length(progress.operations());
            bar.set_position(progress.settled());
            bar.set_message(match progress.activity {
                Activity::Running => String::new(),
                other => other.to_string(),
            });
        } else if self.last.elapsed() >= BETWEEN {
            self.last = Instant::now();
            printer::say(
                &self.settings,
                &progress_line(&progress, before, self.began.elapsed()),
            );
        }
    }
}

impl Listener for Shown {
    fn hear(&mut self, event: &Event) {
        match event {
            Event::Progress(progress) => self.progress(*progress),
            Event::Expanded { name, items, .. } => tracing::info!("step `{name}`: {items} items"),
            Event::Read { name, records, .. } => tracing::info!("step `{name}`: {records} records"),
            Event::Sent { batch, entries } => {
                tracing::debug!("batch {batch}: {entries} entries sent");
            }
            Event::Answered { batch, took } => {
                tracing::debug!("batch {batch}: answered after {took:?}");
            }
        }
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
    let template = "{bar:30} {human_pos}/{human_len} operations  {rate}  {eta}  {msg}";
    let style = ProgressStyle::with_template(template);
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.with_style(
        style.with_key("rate", |state: &ProgressState, out: &mut dyn Write| {
            // A bar that cannot be drawn keeps nobody from their work.
            let _ = write!(out, "{:.1}/s", state.per_sec());
        }),
    )
}
