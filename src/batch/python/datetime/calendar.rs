//! The calendar: dates and times of day as plain data, and the proleptic Gregorian calendar's arithmetic.

/// The first year there is.
pub const MINYEAR: i32 = 1;
/// The last one.
pub const MAXYEAR: i32 = 9999;
/// Microseconds of a second.
pub const SECOND: i64 = 1_000_000;
/// Seconds of a day.
pub const DAY_SECONDS: i64 = 86_400;
/// Microseconds of a day.
pub const DAY: i64 = DAY_SECONDS * SECOND;
/// The ordinal of 1970-01-01.
pub const EPOCH: i64 = 719_163;

/// Names of the days of a week, from Monday on.
pub const WEEKDAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
/// Names of the months.
pub const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// From [`MINYEAR`] to [`MAXYEAR`].
    pub year: i32,
    /// From 1 to 12.
    pub month: u8,
    /// From 1 on.
    pub day: u8,
}

/// A time of day.
#[derive(Debug, Clone, Copy, Default)]
pub struct Time {
    /// From 0 to 23.
    pub hour: u8,
    /// From 0 to 59.
    pub minute: u8,
    /// From 0 to 59.
    pub second: u8,
    /// From 0 to 999 999.
    pub micro: u32,
    /// 1 for the second of two times that a clock shows twice.
    pub fold: u8,
}

/// A day and a time.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// The day.
    pub date: Date,
    /// The time.
    pub time: Time,
}

/// Whether a year has 366 days.
pub fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The days of a month, which is from 1 to 12.
pub fn days_in_month(year: i64, month: u8) -> u8 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The days of a year before a month.
fn days_before_month(year: i64, month: u8) -> i64 {
    (1..month).map(|month| i64::from(days_in_month(year, month))).sum()
}

/// The days of all years before this one.
fn days_before_year(year: i64) -> i64 {
    let year = year - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400)
}

/// The ordinal of a day of any year, `0001-01-01` being 1.
pub fn ordinal(year: i64, month: u8, day: u8) -> i64 {
    days_before_year(year) + days_before_month(year, month) + i64::from(day)
}

/// Year, month and day of an ordinal, of any year that 64 bits hold.
pub fn from_ordinal(ordinal: i64) -> (i64, u8, u8) {
    // Years begin in March here, so that leap days come last (Howard Hinnant, "chrono-compatible
    // low-level date algorithms").
    let days = ordinal + 305;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let small = |number: i64| u8::try_from(number).unwrap_or(u8::MAX);
    (year, small(month), small(day))
}

impl Date {
    /// The first day there is.
    pub const MIN: Date = Date { year: MINYEAR, month: 1, day: 1 };
    /// The last one.
    pub const MAX: Date = Date { year: MAXYEAR, month: 12, day: 31 };

    /// The day of these parts.
    ///
    /// # Errors
    /// CPython's message for a part that is out of range.
    pub fn new(year: i64, month: i64, day: i64) -> Result<Date, String> {
        let small = i32::try_from(year).ok().filter(|year| (MINYEAR..=MAXYEAR).contains(year));
        let Some(checked) = small else { return Err(format!("year {year} is out of range")) };
        let month = u8::try_from(month).ok().filter(|month| (1..=12).contains(month));
        let month = month.ok_or("month must be in 1..12")?;
        let day = u8::try_from(day).ok().filter(|day| (1..=days_in_month(year, month)).contains(day));
        Ok(Date { year: checked, month, day: day.ok_or("day is out of range for month")? })
    }

    /// The day with an ordinal, if it is in range.
    pub fn from_ordinal(ordinal: i64) -> Option<Date> {
        let (year, month, day) = from_ordinal(ordinal);
        let year = i32::try_from(year).ok().filter(|year| (MINYEAR..=MAXYEAR).contains(year))?;
        Some(Date { year, month, day })
    }

    /// Its ordinal.
    pub fn ordinal(self) -> i64 {
        ordinal(i64::from(self.year), self.month, self.day)
    }

    /// The day of the week, Monday being 0.
    pub fn weekday(self) -> u8 {
        u8::try_from((self.ordinal() + 6).rem_euclid(7)).unwrap_or(0)
    }

    /// The day of the year, from 1 on.
    pub fn day_of_year(self) -> i64 {
        days_before_month(i64::from(self.year), self.month) + i64::from(self.day)
    }

    /// Year, week and day (Monday being 1) of ISO 8601.
    pub fn iso(self) -> (i64, i64, i64) {
        let year = i64::from(self.year);
        let today = self.ordinal();
        let (week, day) = ((today - first_iso_monday(year)).div_euclid(7), i64::from(self.weekday()) + 1);
        if week < 0 {
            return (year - 1, (today - first_iso_monday(year - 1)) / 7 + 1, day);
        }
        if week >= 52 && today >= first_iso_monday(year + 1) {
            return (year + 1, 1, day);
        }
        (year, week + 1, day)
    }

    /// The day of an ISO year, week and day.
    ///
    /// # Errors
    /// CPython's message for a part that is out of range.
    pub fn from_iso(year: i64, week: i64, day: i64) -> Result<Date, String> {
        if !(i64::from(MINYEAR)..=i64::from(MAXYEAR)).contains(&year) {
            return Err(format!("Year is out of range: {year}"));
        }
        let monday = first_iso_monday(year);
        let weeks = (first_iso_monday(year + 1) - monday) / 7;
        if !(1..=weeks).contains(&week) {
            return Err(format!("Invalid week: {week}"));
        }
        if !(1..=7).contains(&day) {
            return Err(format!("Invalid day: {day} (range is [1, 7])"));
        }
        let ordinal = monday + (week - 1) * 7 + day - 1;
        Date::from_ordinal(ordinal).ok_or_else(|| format!("year {} is out of range", from_ordinal(ordinal).0))
    }
}

/// The ordinal of the Monday of a year's first ISO week, which is that of January 4th.
fn first_iso_monday(year: i64) -> i64 {
    let fourth = ordinal(year, 1, 4);
    fourth - (fourth + 6).rem_euclid(7)
}

impl Time {
    /// The last time of a day.
    pub const MAX: Time = Time { hour: 23, minute: 59, second: 59, micro: 999_999, fold: 0 };

    /// The time of these parts.
    ///
    /// # Errors
    /// CPython's message for a part that is out of range.
    pub fn new(hour: i64, minute: i64, second: i64, micro: i64, fold: i64) -> Result<Time, String> {
        let part = |value: i64, bound: u8, message: &str| {
            u8::try_from(value).ok().filter(|value| *value < bound).ok_or_else(|| message.to_owned())
        };
        Ok(Time {
            hour: part(hour, 24, "hour must be in 0..23")?,
            minute: part(minute, 60, "minute must be in 0..59")?,
            second: part(second, 60, "second must be in 0..59")?,
            micro: u32::try_from(micro)
                .ok()
                .filter(|micro| *micro < 1_000_000)
                .ok_or("microsecond must be in 0..999999")?,
            fold: part(fold, 2, "fold must be either 0 or 1")?,
        })
    }

    /// Seconds since midnight.
    pub fn seconds(self) -> i64 {
        i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second)
    }

    /// Microseconds since midnight.
    pub fn micros(self) -> i64 {
        self.seconds() * SECOND + i64::from(self.micro)
    }

    /// The time that many microseconds after midnight; whole days are left out.
    pub fn from_micros(micros: i64) -> Time {
        let micros = micros.rem_euclid(DAY);
        let seconds = micros / SECOND;
        let small = |number: i64| u8::try_from(number).unwrap_or(0);
        Time {
            hour: small(seconds / 3600),
            minute: small(seconds / 60 % 60),
            second: small(seconds % 60),
            micro: u32::try_from(micros % SECOND).unwrap_or(0),
            fold: 0,
        }
    }
}

impl Moment {
    /// Microseconds since the start of the day before `0001-01-01`.
    pub fn micros(self) -> i64 {
        self.date.ordinal() * DAY + self.time.micros()
    }

    /// The reverse of [`Moment::micros`], if it is in range.
    pub fn from_micros(micros: i64) -> Option<Moment> {
        let date = Date::from_ordinal(micros.div_euclid(DAY))?;
        Some(Moment { date, time: Time::from_micros(micros) })
    }

    /// The moment that many microseconds after 1970-01-01.
    pub fn from_epoch(micros: i64) -> Option<Moment> {
        Moment::from_micros(micros.checked_add(EPOCH * DAY)?)
    }

    /// Microseconds since 1970-01-01.
    pub fn since_epoch(self) -> i64 {
        self.micros() - EPOCH * DAY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals_go_both_ways() {
        for number in (1..=3_652_059).step_by(97) {
            let date = Date::from_ordinal(number).expect("it is in range");
            assert_eq!(date.ordinal(), number);
        }
        assert_eq!(Date::from_ordinal(0), None);
        assert_eq!(Date::MAX.ordinal(), 3_652_059);
        assert_eq!(from_ordinal(10_i64.pow(9)), (2_737_908, 1, 4));
    }

    #[test]
    fn weeks_are_those_of_iso_8601() {
        let iso = |year, month, day| Date { year, month, day }.iso();
        assert_eq!(iso(2020, 1, 1), (2020, 1, 3));
        assert_eq!(iso(2019, 12, 30), (2020, 1, 1));
        assert_eq!(iso(2021, 1, 3), (2020, 53, 7));
        assert_eq!(iso(2018, 12, 31), (2019, 1, 1));
        assert_eq!(Date::from_iso(2020, 53, 7), Ok(Date { year: 2021, month: 1, day: 3 }));
        assert_eq!(Date::from_iso(2021, 53, 1), Err(String::from("Invalid week: 53")));
    }
}
