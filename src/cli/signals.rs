//! What ends a command from outside: SIGINT and SIGTERM, the first in order and the second at once, and a deadline.

use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::time::Duration;

use tokio::signal::unix::Signal;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;
use tokio::sync::watch;

use super::exit::Exit;
use super::failure::Failure;
use crate::execute::Wish;

/// Hears signals as long as it lives.
#[derive(Debug)]
pub(crate) struct Signals {
    send: Arc<watch::Sender<Wish>>,
    which: Arc<OnceLock<Exit>>,
    last_words: LastWords,
}

/// What is still said when a signal ends the process at once. Either it is said or the command reports by itself, so that
/// there is one document.
#[derive(Clone, Default)]
struct LastWords(Arc<Mutex<Last>>);

#[derive(Default)]
enum Last {
    /// The command reports by itself.
    #[default]
    Report,
    Words(Words),
    /// They are being said, and the process ends then.
    Said,
}

/// Told with which code the process ends.
pub(crate) type Words = Box<dyn FnOnce(Exit) + Send>;

/// What a first signal does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum First {
    /// Nothing new is begun; a second one ends the process.
    Asks,
    /// The process ends: there is nothing to be brought to an end.
    Ends,
}

impl fmt::Debug for LastWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LastWords")
    }
}

/// How long that may take.
const LAST_WORDS: Duration = Duration::from_secs(1);

impl Signals {
    /// Begins to listen; must be called inside the runtime.
    pub(crate) fn listen(first: First) -> Self {
        let send = Arc::new(watch::channel(Wish::GoOn).0);
        let which = Arc::new(OnceLock::new());
        let last_words = LastWords::default();
        if let (Ok(interrupt), Ok(terminate)) = (
            signal(SignalKind::interrupt()),
            signal(SignalKind::terminate()),
        ) {
            tokio::spawn(hear(
                first,
                interrupt,
                terminate,
                Arc::clone(&send),
                Arc::clone(&which),
                last_words.clone(),
            ));
        }
        Self {
            send,
            which,
            last_words,
        }
    }

    /// Says what is to be said when a signal ends the process; nothing once `None` is given, since the command is about to
    /// report by itself. It does not come to that where the process is ending already.
    pub(crate) fn when_leaving(&self, words: Option<Words>) {
        let Ok(mut last) = self.last_words.0.lock() else {
            return;
        };
        if !matches!(*last, Last::Said) {
            *last = words.map_or(Last::Report, Last::Words);
            return;
        }
        drop(last);
        loop {
            std::thread::park();
        }
    }

    pub(crate) fn wish(&self) -> watch::Receiver<Wish> {
        self.send.subscribe()
    }

    /// The same wish when this time has passed. A signal behind it is the first one still.
    pub(crate) fn stop_after(&self, time: Duration) {
        let send = Arc::clone(&self.send);
        tokio::spawn(async move {
            tokio::time::sleep(time).await;
            tracing::warn!("the time that `--deadline` gives is over");
            send.send_replace(Wish::Stop);
        });
    }

    /// Does what can be dropped at any moment, unless somebody wishes to stop first.
    pub(crate) async fn unless_stopped<T>(
        &self,
        work: impl Future<Output = T>,
    ) -> Result<T, Failure> {
        let mut wish = self.wish();
        tokio::select! {
            biased;
            Ok(_) = wish.wait_for(|wish| *wish == Wish::Stop) => Err(Failure::Interrupted {
                exit: self.exit(),
                help: None,
            }),
            done = work => Ok(done),
        }
    }

    /// The code that goes with the signal that came; a deadline counts as an interrupt.
    pub(crate) fn exit(&self) -> Exit {
        self.which.get().copied().unwrap_or(Exit::Interrupted)
    }
}

async fn hear(
    first: First,
    mut interrupt: Signal,
    mut terminate: Signal,
    send: Arc<watch::Sender<Wish>>,
    which: Arc<OnceLock<Exit>>,
    last_words: LastWords,
) {
    loop {
        let exit = tokio::select! {
            _ = interrupt.recv() => Exit::Interrupted,
            _ = terminate.recv() => Exit::Terminated,
        };
        if which.set(exit).is_err() || first == First::Ends {
            speak(&last_words, exit);
            leave(exit);
        }
        send.send_replace(Wish::Stop);
    }
}

/// In a thread of its own, since nobody waits for it beyond its time. A command that reports already has as long.
fn speak(last_words: &LastWords, exit: Exit) {
    let Ok(mut last) = last_words.0.lock() else {
        return;
    };
    let Last::Words(words) = std::mem::take(&mut *last) else {
        drop(last);
        std::thread::sleep(LAST_WORDS);
        return;
    };
    *last = Last::Said;
    drop(last);
    let (done, is_done) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        words(exit);
        // Nobody hears it any more where it took too long.
        let _ = done.send(());
    });
    let _ = is_done.recv_timeout(LAST_WORDS);
}

#[expect(
    clippy::exit,
    reason = "a signal that ends means now; the run file is safe at any moment"
)]
fn leave(exit: Exit) -> ! {
    std::process::exit(i32::from(exit.code()))
}
