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

/// What is still said when a signal ends the process at once.
#[derive(Clone, Default)]
struct LastWords(Arc<Mutex<Option<Words>>>);

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

    /// Says what is to be said when a signal ends the process; nothing once `None` is given.
    pub(crate) fn when_leaving(&self, words: Option<Words>) {
        if let Ok(mut last) = self.last_words.0.lock() {
            *last = words;
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

/// In a thread of its own, since nobody waits for it beyond its time.
fn speak(last_words: &LastWords, exit: Exit) {
    let words = last_words.0.lock().ok().and_then(|mut words| words.take());
    let Some(words) = words else { return };
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
