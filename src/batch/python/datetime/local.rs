//! The machine's time zone.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::calendar::{DAY_SECONDS, Moment, SECOND};

/// What clocks show at a moment.
pub struct Local {
    /// Seconds east of Greenwich.
    pub offset: i64,
    /// The abbreviation, such as `CET`.
    pub name: String,
    /// Whether it is daylight saving time.
    pub is_dst: bool,
}

/// What local clocks show that many seconds after 1970; far off, what they show at the end of the known.
pub fn at(seconds: i64) -> Local {
    let seconds = seconds.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    let timestamp = Timestamp::from_second(seconds).unwrap_or_default();
    let zone = TimeZone::system();
    let info = zone.to_offset_info(timestamp);
    Local {
        offset: i64::from(info.offset().seconds()),
        name: info.abbreviation().to_owned(),
        is_dst: info.dst().is_dst(),
    }
}

/// What local clocks show this year without and with daylight saving time; the same where there is none.
pub fn both() -> [Local; 2] {
    let now = Timestamp::now().as_second();
    let half = at(now + 182 * DAY_SECONDS);
    match (at(now), half) {
        (now, half) if now.is_dst && !half.is_dst => [half, now],
        (now, half) if half.is_dst && !now.is_dst => [now, half],
        (now, _) => {
            let same = Local { offset: now.offset, name: now.name.clone(), is_dst: now.is_dst };
            [now, same]
        }
    }
}

/// Seconds east of Greenwich when local clocks show a time. One that they show twice is the first of
/// these, or the second with `fold`; one that they leave out is reckoned by the offset before, or after.
pub fn offset_of(moment: Moment) -> i64 {
    let small = |number: u8| i8::try_from(number).unwrap_or(i8::MAX);
    let (date, time) = (moment.date, moment.time);
    let local = i16::try_from(date.year).ok().and_then(|year| {
        let (month, day) = (small(date.month), small(date.day));
        DateTime::new(year, month, day, small(time.hour), small(time.minute), small(time.second), 0).ok()
    });
    let Some(local) = local else { return 0 };
    let offset = match TimeZone::system().to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset,
        AmbiguousOffset::Gap { before, after } | AmbiguousOffset::Fold { before, after } => {
            if time.fold == 0 { before } else { after }
        }
    };
    i64::from(offset.seconds())
}

/// What local clocks show that many microseconds after 1970, if the year is in range.
pub fn moment(micros: i64) -> Option<Moment> {
    let offset = at(micros.div_euclid(SECOND)).offset;
    let mut moment = Moment::from_epoch(micros.checked_add(offset * SECOND)?)?;
    // The second of two times that clocks show twice is told by the first having another offset.
    moment.time.fold = u8::from(
        offset_of(moment) != offset && {
            let later = Moment { time: super::calendar::Time { fold: 1, ..moment.time }, ..moment };
            offset_of(later) == offset
        },
    );
    Some(moment)
}
