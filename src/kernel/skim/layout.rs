//! The layout of a document: all that is between its texts, numbers and words (`true`, `false`, `null`).
//!
//! Documents of a stream mostly have the layout of the one before. What has the layout of a good document is good
//! itself if its texts, numbers and words are, and has its members in the same places: it is compared with the
//! layout, gap by gap, and its grammar need not be gone through.

use super::{Finding, Places, Special, scalar};

/// Bytes of gaps, and values, of a layout at most.
const MOST_BYTES: usize = 8 << 10;
const MOST_VALUES: usize = 512;

/// Documents one behind the other that did not have the layout of the one before, after which
/// so many others are looked at without.
const MOST_MISSES: u32 = 8;
const PAUSE: u32 = 256;

/// A layout.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// The gaps, one behind the other: before each value, and behind the last.
    gaps: Vec<u8>,
    values: Vec<Place>,
}

/// Where a value is.
#[derive(Debug)]
struct Place {
    /// Bytes of the gap before it.
    gap: usize,
    /// Whether it is text, without the quotes, which belong to the gaps.
    is_text: bool,
    /// Which finding it is.
    finding: Option<usize>,
}

/// A value of a document, whose layout is learned.
#[derive(Debug)]
pub(super) struct Value {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) is_text: bool,
    pub(super) finding: Option<usize>,
}

impl Layout {
    /// The layout of a good document with these values.
    fn new(document: &[u8], values: &[Value]) -> Option<Self> {
        let mut layout = Layout::default();
        let mut end = 0;
        for value in values {
            let gap = &document[end..value.start];
            layout.gaps.extend_from_slice(gap);
            let (gap, is_text, finding) = (gap.len(), value.is_text, value.finding);
            layout.values.push(Place { gap, is_text, finding });
            end = value.end;
        }
        layout.gaps.extend_from_slice(&document[end..]);
        (layout.gaps.len() <= MOST_BYTES && values.len() <= MOST_VALUES).then_some(layout)
    }

    /// What a document has in the places of the findings, if it has this layout and good values.
    fn skim<'a>(&self, document: &'a str, findings: &mut [Finding<'a>]) -> Option<()> {
        let bytes = document.as_bytes();
        let (mut gaps, mut end) = (&self.gaps[..], 0);
        let mut specials = Places::new(Special, bytes);
        for Place { gap, is_text, finding } in &self.values {
            let (gap, others) = gaps.split_at(*gap);
            let start = end + gap.len();
            if bytes.get(end..start)? != gap {
                return None;
            }
            gaps = others;
            end = if *is_text { specials.next_from(start) } else { scalar(bytes, start)? };
            if *is_text && bytes.get(end) != Some(&b'"') {
                return None;
            }
            if let Some(finding) = finding {
                let value = &document[start..end];
                findings[*finding] = if *is_text { Finding::Text(value) } else { Finding::Json(value) };
            }
        }
        (bytes[end..] == *gaps).then_some(())
    }
}

/// The layout of the last document, and how well the others have fitted.
#[derive(Debug, Default)]
pub(super) struct Learned {
    layout: Option<Layout>,
    misses: u32,
    pause: u32,
}

impl Learned {
    /// As [`Layout::skim`], with what is known.
    #[inline]
    pub(super) fn skim<'a>(&mut self, document: &'a str, findings: &mut [Finding<'a>]) -> Option<()> {
        let found = self.layout.as_ref()?.skim(document, findings);
        self.misses = if found.is_some() { 0 } else { self.misses + 1 };
        found
    }

    /// Whether the layout of the next document that is gone through is worth knowing.
    pub(super) fn is_to_learn(&mut self) -> bool {
        if self.misses >= MOST_MISSES {
            *self = Learned { layout: None, misses: 0, pause: PAUSE };
        }
        self.pause = self.pause.saturating_sub(1);
        self.pause == 0
    }

    /// Learns from a good document with these values; with none, that it has no layout to be learned.
    pub(super) fn learn(&mut self, document: &str, values: Option<&[Value]>) {
        self.layout = values.and_then(|values| Layout::new(document.as_bytes(), values));
        if self.layout.is_none() {
            self.misses += 1;
        }
    }
}
