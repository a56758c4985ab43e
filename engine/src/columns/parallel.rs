//! All rows of a record, batch by batch, on as many threads as the run has; what comes out does not depend on how many.

use std::ops::Range;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::lanes::Lanes;
use super::worker::{BATCH, Worker};
use crate::value::RecordId;

/// Definitions may read each other deeply, and each level takes some stack.
const STACK: usize = 64 << 20;

/// What each job gives, in their order; threads take them one by one.
pub(crate) fn side_by_side<T: Send>(threads: usize, jobs: Vec<Box<dyn FnOnce() -> T + Send + '_>>) -> Vec<T> {
    let count = jobs.len();
    if threads < 2 || count < 2 {
        return jobs.into_iter().map(|job| job()).collect();
    }
    let waiting = Mutex::new(jobs.into_iter().enumerate());
    let done = Mutex::new(Vec::with_capacity(count));
    let take = || {
        loop {
            let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((number, job)) = next else { return };
            let found = job();
            done.lock().unwrap_or_else(PoisonError::into_inner).push((number, found));
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads.min(count) {
            // With fewer threads than asked for, those that there are take all jobs; this one is always there.
            let _ = thread::Builder::new().spawn_scoped(scope, take);
        }
        take();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, found)| found).collect()
}

impl Worker<'_> {
    /// What `work` gives for each batch of the rows, in their order.
    pub(crate) fn for_each_batch<T: Send>(
        &self,
        record: RecordId,
        rows: u32,
        work: impl Fn(&Worker<'_>, &Rc<Lanes>) -> T + Sync,
    ) -> Vec<T> {
        let batches = (0..rows.div_ceil(BATCH))
            .map(|batch| batch * BATCH..batch.saturating_add(1).saturating_mul(BATCH).min(rows));
        self.for_each_part(record, &batches.collect::<Vec<_>>(), self.helpers, work)
    }

    /// The same for other parts of the rows, on so many threads.
    pub(crate) fn for_each_part<T: Send>(
        &self,
        record: RecordId,
        parts: &[Range<u32>],
        threads: usize,
        work: impl Fn(&Worker<'_>, &Rc<Lanes>) -> T + Sync,
    ) -> Vec<T> {
        let done = Mutex::new(Vec::with_capacity(parts.len()));
        self.take_turns(&[parts.len()], threads, |worker, _, number| {
            let Some(part) = parts.get(number) else { return };
            let found = work(worker, &Lanes::batch(record, part.clone()));
            done.lock().unwrap_or_else(PoisonError::into_inner).push((number, found));
        });
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_by_key(|(number, _)| *number);
        done.into_iter().map(|(_, found)| found).collect()
    }

    /// Does the work of several lists, which have so many parts each, and comes to their ends together: `work` is told the list
    /// and the part of it.
    pub(crate) fn take_turns(
        &self,
        lists: &[usize],
        threads: usize,
        work: impl Fn(&Worker<'_>, usize, usize) + Sync,
    ) {
        let all = lists.iter().enumerate().flat_map(|(list, length)| {
            let share = move |part: usize| ((part as u128) << 32) / (*length as u128).max(1);
            (0..*length).map(move |part| (share(part), list, part))
        });
        let mut all: Vec<(u128, usize, usize)> = all.collect();
        all.sort_unstable();
        let next = AtomicUsize::new(0);
        let take = |worker: &Worker<'_>| {
            while let Some((_, list, part)) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                work(worker, *list, *part);
            }
        };
        let helpers = threads.min(all.len());
        if helpers < 2 {
            return take(self);
        }
        let store = self.store;
        let help = || {
            // A helper has no helpers of its own.
            let worker = Worker::new(store, 1);
            take(&worker);
            let replayed = worker.replayed.take();
            let mut all = store.replayed.lock().unwrap_or_else(PoisonError::into_inner);
            for (why, times) in replayed {
                *all.entry(why).or_default() += times;
            }
        };
        thread::scope(|scope| {
            for _ in 1..helpers {
                // With fewer threads than asked for, those that there are do all the work; this one is always there.
                let _ = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, help);
            }
            help();
        });
    }
}
