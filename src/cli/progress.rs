//! How a live run is shown on stderr: a bar on a terminal, a plain line every ten seconds elsewhere.

use std::time::Duration;
use std::time::Instant;

use indicatif::ProgressBar;
use indicatif::ProgressDrawTarget;
use indicatif::ProgressStyle;

use super::printer;
use super::settings::Settings;
use super::settings::Talk;
use crate::event::Event;
use crate::event::Listener;
use crate::event::Progress;
use crate::report::progress_line;
use crate::report::step_line;

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
        let bar = (settings.environment.stderr_is_terminal && settings.talk > Talk::Quiet)
            .then(|| bar(ProgressDrawTarget::stderr()));
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
        let line = progress_line(&progress, before, self.began.elapsed());
        if let Some(bar) = &self.bar {
            draw(bar, &progress, line);
        } else if self.last.elapsed() >= BETWEEN {
            self.last = Instant::now();
            printer::say(&self.settings, &line);
        }
    }
}

impl Listener for Shown {
    fn hear(&mut self, event: &Event) {
        match event {
            Event::Progress(progress) => self.progress(*progress),
            Event::Expanded {
                id, name, items, ..
            } => tracing::info!("{}", step_line(id, name.as_deref(), *items, "item")),
            Event::Read {
                id, name, records, ..
            } => tracing::info!("{}", step_line(id, name.as_deref(), *records, "record")),
            Event::Sent { batch, entries } => {
                tracing::debug!("batch {batch}: {entries} entries sent");
            }
            Event::Answered { batch, took } => {
                tracing::debug!("batch {batch}: answered after {took:?}");
            }
        }
    }
}

/// Beside the bar stand the words of a log: what the bar itself would say of the rate is that of the last moment.
fn bar(target: ProgressDrawTarget) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(0), target);
    let style = ProgressStyle::with_template("{bar:30} {wide_msg}");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn draw(bar: &ProgressBar, progress: &Progress, line: String) {
    bar.set_length(progress.operations());
    bar.set_position(progress.settled());
    bar.set_message(line);
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;
    use std::sync::Mutex;

    use indicatif::TermLike;

    use super::*;
    use crate::event::Activity;

    /// A terminal that keeps what is written to it.
    #[derive(Debug, Clone, Default)]
    struct Recorder(Arc<Mutex<String>>);

    impl TermLike for Recorder {
        fn width(&self) -> u16 {
            100
        }

        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(text)
        }

        fn write_str(&self, text: &str) -> io::Result<()> {
            self.0.lock().unwrap().push_str(text);
            Ok(())
        }

        fn clear_line(&self) -> io::Result<()> {
            self.0.lock().unwrap().clear();
            Ok(())
        }

        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn beside_the_bar_stands_what_a_log_would_say() {
        let terminal = Recorder::default();
        let bar = bar(ProgressDrawTarget::term_like(Box::new(terminal.clone())));
        let seconds = Duration::from_secs(10);
        for progress in [
            Progress {
                planned: 200,
                ..Progress::default()
            },
            Progress {
                planned: 150,
                ok: 50,
                activity: Activity::Running,
                ..Progress::default()
            },
        ] {
            let line = progress_line(&progress, 0, seconds);
            draw(&bar, &progress, line.clone());
            bar.force_draw();
            let shown = terminal.0.lock().unwrap().clone();
            let beside = shown.trim_start_matches(['█', '░']).trim();
            assert_eq!(beside, line, "{shown}");
        }
    }
}
