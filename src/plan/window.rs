//! Over which batches a result goes: one, a sliding window of them, or all so far.

use crate::batch::Interval;

/// The batches that a result covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Its own batch.
    Batch,
    /// The last few batches.
    Window(Window),
    /// All batches since the start.
    Total,
}

/// A sliding window, in batches. It is kept as panes: the longest pieces that both the window's
/// length and its slide are multiples of, so that a slide costs what its panes cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    interval: Interval,
    length: u64,
    slide: u64,
}

impl Window {
    /// A window of `length` that slides by `slide` (by every batch without one).
    ///
    /// # Errors
    /// Names the nearest possible lengths when one is not a multiple of the interval.
    pub fn new(length: Interval, slide: Option<Interval>, interval: Interval) -> Result<Self, String> {
        let length = batches("window", length, interval)?;
        let slide = slide.map_or(Ok(1), |slide| batches("slide", slide, interval))?;
        Ok(Window { interval, length, slide })
    }

    /// Length of a batch.
    pub fn interval(self) -> Interval {
        self.interval
    }

    /// Batches in a pane.
    pub fn pane(self) -> u64 {
        let (mut a, mut b) = (self.length, self.slide);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        a
    }

    /// Panes in the window.
    pub fn panes(self) -> u64 {
        self.length / self.pane()
    }

    /// The span of a result.
    pub fn length(self) -> Interval {
        self.interval.times(self.length)
    }

    /// The time from one result to the next.
    pub fn step(self) -> Interval {
        self.interval.times(self.slide)
    }

    /// Batches from one result to the next.
    pub fn slide(self) -> u64 {
        self.slide
    }
}

/// How many intervals `span` is long.
fn batches(what: &str, span: Interval, interval: Interval) -> Result<u64, String> {
    let (length, step) = (span.as_millis(), interval.as_millis());
    if length % step == 0 {
        return Ok((length / step) as u64);
    }
    let below = length / step * step;
    let nearest = [below, below + step].into_iter().filter_map(|millis| Interval::from_millis(millis as u64));
    let nearest: Vec<_> = nearest.map(|span| span.to_string()).collect();
    Err(format!(
        "the {what} of {span} is not a multiple of the interval of {interval}: try {}",
        nearest.join(" or ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(millis: u64) -> Interval {
        Interval::from_millis(millis).expect("not zero")
    }

    #[test]
    fn panes_divide_both_length_and_slide() {
        let window = Window::new(millis(6000), Some(millis(4000)), millis(1000)).expect("multiples");
        assert_eq!((window.pane(), window.panes(), window.slide()), (2, 3, 4));
        let window = Window::new(millis(6000), None, millis(1000)).expect("multiples");
        assert_eq!((window.pane(), window.panes(), window.slide()), (1, 6, 1));
        let window = Window::new(millis(2000), Some(millis(10_000)), millis(1000)).expect("multiples");
        assert_eq!((window.pane(), window.panes(), window.slide()), (2, 1, 10));
    }

    #[test]
    fn a_length_between_two_multiples_names_both() {
        let fault = Window::new(millis(2500), None, millis(1000)).expect_err("no multiple");
        assert!(fault.contains("2s") && fault.contains("3s"), "{fault}");
        let fault = Window::new(millis(500), None, millis(1000)).expect_err("no multiple");
        assert!(fault.ends_with("try 1s"), "{fault}");
    }
}
