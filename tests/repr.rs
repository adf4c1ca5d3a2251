//! Python's `repr`, against what CPython did for every code point there is.

use dstream::batch::repr_into;

/// Noncharacters stay unassigned for ever: escaped in every version of Unicode.
fn is_noncharacter(code: u32) -> bool {
    (0xfdd0..=0xfdef).contains(&code) || code & 0xfffe == 0xfffe
}

#[test]
fn every_code_point_prints_as_in_cpython_3_11() {
    let facts = include_str!("data/python311-printable.txt");
    let mut runs: Vec<(u32, &str)> = facts
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (start, class) = line.split_once(' ').expect("a start and a class");
            (u32::from_str_radix(start, 16).expect("a code point"), class)
        })
        .collect();
    runs.push((0x110000, "end"));
    let mut compared = 0;
    for pair in runs.windows(2) {
        let (start, class) = pair[0];
        for c in (start..pair[1].0).filter_map(char::from_u32) {
            let code = u32::from(c);
            let mut out = Vec::new();
            repr_into(c.encode_utf8(&mut [0; 4]), &mut out);
            let expected = match (c, class) {
                ('\'', _) => "\"'\"".to_string(),
                ('\\', _) => "'\\\\'".to_string(),
                ('\t', _) => "'\\t'".to_string(),
                ('\n', _) => "'\\n'".to_string(),
                ('\r', _) => "'\\r'".to_string(),
                (_, "p") => format!("'{c}'"),
                // Unassigned in Unicode 14: may have become a character since.
                (_, "u") if !is_noncharacter(code) => continue,
                _ if code <= 0xff => format!("'\\x{code:02x}'"),
                _ if code <= 0xffff => format!("'\\u{code:04x}'"),
                _ => format!("'\\U{code:08x}'"),
            };
            assert_eq!(String::from_utf8_lossy(&out), expected, "U+{code:04X}");
            compared += 1;
        }
    }
    assert!(compared > 280_000, "{compared} code points were compared");
}
