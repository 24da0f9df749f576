//! Sweeps: tests that would kill the host at every position of a journal. An ordinary test run takes a sample of the
//! positions; `just test-slow` takes all of them.

use std::{env, sync::Mutex};

/// The positions that one run of the tests tries: every `stride`th, from `offset` on.
///
/// `BATON_TEST_STRIDE` sets the stride of every sweep, and 1 makes it exhaustive. `BATON_TEST_OFFSET` moves the sample:
/// as many successive offsets as the stride is long cover every position.
#[derive(Clone, Copy, Debug)]
pub struct Sweep {
    stride: u64,
    offset: u64,
}

impl Sweep {
    /// A sweep that takes every `usual_stride`th position where the environment does not say otherwise.
    pub fn new(usual_stride: u64) -> Self {
        let number = |name: &str| env::var(name).ok().map(|text| text.parse::<u64>().unwrap_or_else(|_| panic!("{name} is not a number")));
        let stride = number("BATON_TEST_STRIDE").unwrap_or(usual_stride).max(1);
        Self { stride, offset: number("BATON_TEST_OFFSET").unwrap_or(0) % stride }
    }

    /// The positions in order, counted from 1, without an end. The first one is always among them: every journal has it.
    pub fn positions(self) -> impl Iterator<Item = u64> + Send {
        let sampled = (1 + self.offset..).step_by(usize::try_from(self.stride).unwrap());
        std::iter::once(1).chain(sampled.skip_while(|position| *position == 1))
    }

    /// What of `items` is in the sample.
    pub fn sample<T>(self, items: impl IntoIterator<Item = T>) -> Vec<T> {
        let (offset, stride) = (usize::try_from(self.offset).unwrap(), usize::try_from(self.stride).unwrap());
        items.into_iter().skip(offset).step_by(stride).collect()
    }

    /// Whether every position is tried.
    pub fn is_exhaustive(self) -> bool {
        self.stride == 1
    }

    /// Tries the positions in so many threads until `try_position` says that the run ends before its position. Gives the
    /// last position that was tried.
    pub fn run(self, threads: usize, try_position: impl Fn(u64) -> bool + Sync) -> u64 {
        let (positions, last) = (Mutex::new(Some(self.positions())), Mutex::new(0));
        let next = || positions.lock().unwrap().as_mut().and_then(Iterator::next);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    while let Some(position) = next() {
                        if !try_position(position) {
                            *positions.lock().unwrap() = None;
                            return;
                        }
                        let mut last = last.lock().unwrap();
                        *last = position.max(*last);
                    }
                });
            }
        });
        last.into_inner().unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_cover_every_position_between_them() {
        let positions = |offset| Sweep { stride: 3, offset }.positions().take_while(|position| *position < 10).collect::<Vec<_>>();
        assert_eq!((positions(0), positions(1), positions(2)), (vec![1, 4, 7], vec![1, 2, 5, 8], vec![1, 3, 6, 9]));
        assert_eq!(Sweep { stride: 3, offset: 1 }.sample(0..8), [1, 4, 7]);
    }

    #[test]
    fn a_sweep_ends_where_the_run_does() {
        assert_eq!(Sweep { stride: 4, offset: 2 }.run(2, |position| position < 20), 19);
    }
}
