//! A thread that owns a connection and does what it is sent, in order.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

use super::store::Store;
use crate::spool::SpoolError;

type Job = Box<dyn FnOnce(&mut Store) + Send>;

/// A running thread.
#[derive(Debug)]
pub(super) struct Worker(Mutex<Option<Running>>);

#[derive(Debug)]
struct Running {
    jobs: mpsc::Sender<Job>,
    thread: JoinHandle<()>,
}

impl Worker {
    /// Starts a thread around an open spool.
    pub(super) fn start(name: &str, mut store: Store) -> Self {
        let (jobs, queue) = mpsc::channel::<Job>();
        let thread = thread::Builder::new()
            .name(name.into())
            .spawn(move || {
                while let Ok(job) = queue.recv() {
                    // A panic rolls its transaction back; the spool is as good as before, and the next job needs it.
                    let _ = panic::catch_unwind(AssertUnwindSafe(|| job(&mut store)));
                }
            })
            .expect("a thread can be started where the process could");
        Self(Mutex::new(Some(Running { jobs, thread })))
    }

    /// Does a job on the thread.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Store) -> Result<T, SpoolError> + Send + 'static,
    ) -> Result<T, SpoolError> {
        let (answer, answered) = oneshot::channel();
        self.send(Box::new(move |store| {
            // Nobody waits any more where the request was given up.
            let _ = answer.send(job(store));
        }))?;
        answered.await.unwrap_or(Err(SpoolError::Closed))
    }

    /// Does a job on the thread, and waits for it without a runtime.
    pub(super) fn run_blocking<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Store) -> Result<T, SpoolError> + Send + 'static,
    ) -> Result<T, SpoolError> {
        let (answer, answered) = mpsc::channel();
        self.send(Box::new(move |store| {
            let _ = answer.send(job(store));
        }))?;
        answered.recv().unwrap_or(Err(SpoolError::Closed))
    }

    /// Finishes the jobs that were sent and ends the thread. Later jobs fail.
    pub(super) fn stop(&self) {
        let running = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Running { jobs, thread }) = running {
            drop(jobs);
            let _ = thread.join();
        }
    }

    fn send(&self, job: Job) -> Result<(), SpoolError> {
        let running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let running = running.as_ref().ok_or(SpoolError::Closed)?;
        running.jobs.send(job).map_err(|_| SpoolError::Closed)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop();
    }
}
