//! `--from [NAME=]SPEC`: where input comes from, as written on the command line.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::net::Ipv6Addr;
use std::num::NonZeroUsize;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use memchr::memchr;

use crate::error::{Error, Result};

/// One `--from [NAME=]SPEC`. [`fmt::Display`] gives the canonical text back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceSpec {
    /// The name that programs call the source by; a Python identifier.
    pub name: Option<String>,
    /// Where the bytes come from.
    pub kind: SourceKind,
}

/// Where bytes come from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SourceKind {
    /// `-`: standard input until its end.
    Stdin,
    /// `file:PATH`: a file from start to end, decompressed if it is gzip or zstd.
    File(PathBuf),
    /// `tail:PATH`: a growing file, followed by name.
    Tail(PathBuf),
    /// `dir:PATH`: every new file in a directory, once.
    Dir(PathBuf),
    /// `records:LENGTH:PATH`: every new file in a directory, once, cut into records of that many bytes; each
    /// is a line of hexadecimal digits. What is behind the last whole record of a file is a shorter line.
    Records {
        /// Bytes of a record.
        length: NonZeroUsize,
        /// The directory.
        path: PathBuf,
    },
    /// `tcp://HOST:PORT`: connects and reads.
    Tcp {
        /// A name or an IP address, without brackets.
        host: String,
        /// The port to connect to.
        port: u16,
    },
    /// `tcp-listen://HOST:PORT`: accepts clients.
    TcpListen {
        /// A name or an IP address of this machine, without brackets.
        host: String,
        /// The port to listen on; 0 takes any free one.
        port: u16,
    },
    /// `unix-listen:PATH`: accepts clients on a Unix socket.
    UnixListen(PathBuf),
    /// `udp-listen://HOST:PORT`: receives datagrams.
    UdpListen {
        /// A name or an IP address of this machine, without brackets.
        host: String,
        /// The port to listen on; 0 takes any free one.
        port: u16,
    },
    /// `queue:FILE,FILE,…`: one file a batch; nothing where an element is empty. A comma always
    /// separates: the name of a file in a queue cannot have one (a link to the file can do without).
    Queue(Vec<Option<PathBuf>>),
    /// `exec:COMMAND`: the lines that a shell command prints.
    Exec(String),
}

/// Every form of a specification, for the message about an unknown one.
const FORMS: &str = "-, file:PATH, tail:PATH, dir:PATH, records:LENGTH:PATH, tcp://HOST:PORT, tcp-listen://HOST:PORT, \
                     udp-listen://HOST:PORT, unix-listen:PATH, queue:FILE,FILE,… or exec:COMMAND";

/// Words that Python keeps for itself; no source can be called by them in a program.
const KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def",
    "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is",
    "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

impl SourceKind {
    /// Whether the input ends by itself: standard input, files and queues do, the others run until
    /// they are stopped.
    pub fn ends(&self) -> bool {
        matches!(self, SourceKind::Stdin | SourceKind::File(_) | SourceKind::Queue(_))
    }

    /// Whether it can be read again from any place that it was read to. A pipe that has a name cannot.
    pub fn can_be_read_again(&self) -> bool {
        match self {
            SourceKind::File(path) => std::fs::metadata(path).is_ok_and(|file| file.is_file()),
            SourceKind::Tail(_) | SourceKind::Dir(_) | SourceKind::Records { .. } | SourceKind::Queue(_) => {
                true
            }
            SourceKind::Stdin
            | SourceKind::Tcp { .. }
            | SourceKind::TcpListen { .. }
            | SourceKind::UnixListen(_)
            | SourceKind::UdpListen { .. }
            | SourceKind::Exec(_) => false,
        }
    }

    /// How many bytes there are to read, where that can be known before: uncompressed regular
    /// files, also as standard input (what lies behind its current offset) and in a queue.
    pub fn size(&self) -> Option<u64> {
        match self {
            SourceKind::Stdin => {
                let stdin = rustix::stdio::stdin();
                let stat = rustix::fs::fstat(stdin).ok()?;
                if rustix::fs::FileType::from_raw_mode(stat.st_mode) != rustix::fs::FileType::RegularFile {
                    return None;
                }
                let offset = rustix::fs::tell(stdin).ok()?;
                Some(u64::try_from(stat.st_size).ok()?.saturating_sub(offset))
            }
            SourceKind::File(path) => plain_size(path),
            SourceKind::Queue(files) => files.iter().flatten().map(|path| plain_size(path)).sum(),
            _ => None,
        }
    }
}

fn plain_size(path: &Path) -> Option<u64> {
    let meta = path.metadata().ok().filter(|meta| meta.is_file())?;
    let compressed = path.extension().is_some_and(|end| end == "gz" || end == "zst");
    (!compressed).then_some(meta.len())
}

impl SourceSpec {
    /// Reads a specification. Paths may be any bytes, as file names are; names, addresses and
    /// commands are UTF-8.
    ///
    /// # Errors
    /// A text that says what is wrong with it and what to write instead.
    pub fn parse(text: &OsStr) -> std::result::Result<Self, String> {
        if let Some((name, kind)) = split_once(text, b'=')
            && is_identifier(name)
        {
            if KEYWORDS.contains(&name) {
                return Err(format!("{name:?} is a word of Python's own: name the source differently"));
            }
            return Ok(SourceSpec { name: Some(name.to_string()), kind: parse_kind(kind)? });
        }
        Ok(SourceSpec { name: None, kind: parse_kind(text)? })
    }
}

impl FromStr for SourceSpec {
    type Err = String;

    /// [`SourceSpec::parse`] of a text.
    ///
    /// # Errors
    /// As there.
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        SourceSpec::parse(text.as_ref())
    }
}

/// What stands before the first `at`, if that is UTF-8, and what stands behind it.
fn split_once(text: &OsStr, at: u8) -> Option<(&str, &OsStr)> {
    let bytes = text.as_bytes();
    let place = memchr(at, bytes)?;
    let head = std::str::from_utf8(&bytes[..place]).ok()?;
    Some((head, OsStr::from_bytes(&bytes[place + 1..])))
}

fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c == '_' || c.is_alphabetic())
        && chars.all(|c| c == '_' || c.is_alphanumeric())
}

fn parse_kind(text: &OsStr) -> std::result::Result<SourceKind, String> {
    if text == "-" {
        return Ok(SourceKind::Stdin);
    }
    let Some((scheme, rest)) = split_once(text, b':') else {
        return Err(if text.is_empty() {
            format!("an empty source: write one of {FORMS}")
        } else if text == "stdin" {
            "standard input is written as -".to_string()
        } else {
            let name = text.display();
            format!(
                "{text:?} does not say what kind of source it is: did you mean file:{name} or tail:{name}?"
            )
        });
    };
    let path = |example: &str| {
        let bytes = rest.as_bytes();
        let path = bytes.strip_prefix(b"//").filter(|path| path.starts_with(b"/")).unwrap_or(bytes);
        if path.is_empty() {
            Err(format!("{scheme}: needs a path, as in {scheme}:{example}"))
        } else if path.contains(&0) {
            Err(format!("a path cannot hold a NUL character: {rest:?}"))
        } else {
            Ok(PathBuf::from(OsStr::from_bytes(path)))
        }
    };
    let (whole, text) = (text, text.display());
    let utf8 = || rest.to_str().ok_or_else(|| format!("{scheme}: needs UTF-8, which {rest:?} is not"));
    let address = || parse_address(scheme, utf8()?);
    Ok(match scheme {
        "file" => SourceKind::File(path("access.log")?),
        "tail" => SourceKind::Tail(path("/var/log/syslog")?),
        "dir" => SourceKind::Dir(path("incoming")?),
        "records" => {
            let example = "records: needs a length in bytes and a directory, as in records:16:incoming";
            let (length, path) = split_once(rest, b':').ok_or(example)?;
            let mut directory = OsString::from("dir:");
            directory.push(path);
            match (length.parse(), parse_kind(&directory)) {
                (Ok(length), Ok(SourceKind::Dir(path))) => SourceKind::Records { length, path },
                _ => return Err(example.into()),
            }
        }
        "unix-listen" => SourceKind::UnixListen(path("/tmp/lines.sock")?),
        "tcp" => match address()? {
            (_, 0) => return Err(format!("{text}: port 0 cannot be connected to")),
            (host, port) => SourceKind::Tcp { host, port },
        },
        "tcp-listen" => address().map(|(host, port)| SourceKind::TcpListen { host, port })?,
        "udp-listen" => address().map(|(host, port)| SourceKind::UdpListen { host, port })?,
        "queue" if rest.is_empty() => {
            return Err("queue: needs files, as in queue:first.txt,second.txt,,fourth.txt".to_string());
        }
        "queue" => SourceKind::Queue(
            rest.as_bytes()
                .split(|&byte| byte == b',')
                .map(|file| (!file.is_empty()).then(|| PathBuf::from(OsStr::from_bytes(file))))
                .collect(),
        ),
        "exec" => match utf8()? {
            command if command.trim().is_empty() => {
                return Err("exec: needs a command, as in 'exec:journalctl -f'".to_string());
            }
            command => SourceKind::Exec(command.to_string()),
        },
        "kafka" => {
            return Err("kafka:// is not in this version: read the topic through a client, as in \
                        'exec:kcat -C -b BROKER -t TOPIC'"
                .to_string());
        }
        "udp" => {
            return Err(format!(
                "datagrams are received by listening: did you mean udp-listen:{}?",
                rest.display()
            ));
        }
        "unix" => {
            return Err(format!(
                "a Unix socket is listened on: did you mean unix-listen:{}?",
                rest.display()
            ));
        }
        "http" | "https" => {
            return Err(format!("{scheme}:// is read through a client, as in 'exec:curl -sN {text}'"));
        }
        _ if Path::new(whole).exists() => {
            return Err(format!(
                "{whole:?} does not say what kind of source it is: did you mean file:{text}?"
            ));
        }
        _ => return Err(format!("unknown kind of source {scheme:?}: write one of {FORMS}")),
    })
}

fn parse_address(scheme: &str, rest: &str) -> std::result::Result<(String, u16), String> {
    let wrong = |what: &str| {
        format!("{scheme}:{rest}: {what}; write {scheme}://HOST:PORT, as in {scheme}://localhost:9999")
    };
    let address = rest.strip_prefix("//").unwrap_or(rest).trim_end_matches('/');
    let (host, port) = address.rsplit_once(':').ok_or_else(|| wrong("the port is missing"))?;
    let port = match port.parse() {
        Ok(port) => port,
        Err(_) if port.is_empty() => return Err(wrong("the port is missing")),
        Err(_) => return Err(wrong(&format!("{port:?} is no port (0 to 65535)"))),
    };
    let host = match host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
        Some(inner) if inner.split('%').next().is_some_and(|ip| ip.parse::<Ipv6Addr>().is_ok()) => inner,
        Some(inner) => return Err(wrong(&format!("{inner:?} is no IPv6 address"))),
        None if host.contains(':') => return Err(wrong("an IPv6 address goes in brackets, as in [::1]")),
        None if host.is_empty() => return Err(wrong("the host is missing")),
        None if host.contains(['/', '?', '#', '@']) || host.contains(char::is_whitespace) => {
            return Err(wrong(&format!("{host:?} is no host")));
        }
        None => host,
    };
    Ok((host.to_string(), port))
}

impl fmt::Display for SourceSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.name {
            write!(f, "{name}=")?;
        }
        self.kind.fmt(f)
    }
}

impl fmt::Display for SourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = |f: &mut fmt::Formatter<'_>, scheme, host: &str, port| {
            if host.contains(':') {
                write!(f, "{scheme}://[{host}]:{port}")
            } else {
                write!(f, "{scheme}://{host}:{port}")
            }
        };
        match self {
            SourceKind::Stdin => f.write_str("-"),
            SourceKind::File(path) => write!(f, "file:{}", path.display()),
            SourceKind::Tail(path) => write!(f, "tail:{}", path.display()),
            SourceKind::Dir(path) => write!(f, "dir:{}", path.display()),
            SourceKind::Records { length, path } => write!(f, "records:{length}:{}", path.display()),
            SourceKind::Tcp { host, port } => address(f, "tcp", host, *port),
            SourceKind::TcpListen { host, port } => address(f, "tcp-listen", host, *port),
            SourceKind::UdpListen { host, port } => address(f, "udp-listen", host, *port),
            SourceKind::UnixListen(path) => write!(f, "unix-listen:{}", path.display()),
            SourceKind::Queue(files) => {
                for (index, file) in files.iter().enumerate() {
                    f.write_str(if index == 0 { "queue:" } else { "," })?;
                    file.iter().try_for_each(|file| write!(f, "{}", file.display()))?;
                }
                Ok(())
            }
            SourceKind::Exec(command) => write!(f, "exec:{command}"),
        }
    }
}

/// Refuses specifications that cannot run side by side.
pub(super) fn check(specs: &[SourceSpec]) -> Result<()> {
    let (mut names, mut taken) = (HashSet::new(), HashSet::new());
    for SourceSpec { name, kind } in specs {
        if let Some(name) = name
            && !names.insert(name)
        {
            return Err(Error::Usage(format!("two sources are named {name:?}: give each its own name")));
        }
        let exclusive = match kind {
            SourceKind::TcpListen { port, .. } | SourceKind::UdpListen { port, .. } => *port != 0,
            SourceKind::Stdin | SourceKind::UnixListen(_) => true,
            _ => false,
        };
        if exclusive && !taken.insert(kind) {
            return Err(Error::Usage(format!("{kind} is given twice, but can be read only once")));
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn specifications_print_as_they_are_written() {
        for text in [
            "-",
            "file:a=b c",
            "tail:/var/log/syslog",
            "dir:in",
            "tcp://localhost:9999",
            "tcp://[::1]:9",
            "tcp-listen://0.0.0.0:0",
            "udp-listen://[::]:514",
            "unix-listen:/tmp/s",
            "queue:a,b,,c",
            "queue:,",
            "exec:FOO=1 cat /dev/null",
            "log=tail:x",
            "_n1=-",
            "a=exec:b=c",
        ] {
            let spec: SourceSpec = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(spec.to_string(), text);
        }
        assert_eq!("file:///etc/motd".parse::<SourceSpec>().unwrap().to_string(), "file:/etc/motd");
        assert_eq!("tcp:localhost:9".parse::<SourceSpec>().unwrap().to_string(), "tcp://localhost:9");
    }

    #[test]
    fn errors_say_what_to_write() {
        for (text, hint) in [
            ("", "file:PATH"),
            ("access.log", "did you mean file:access.log or tail:access.log?"),
            ("ftp://x", "unknown kind of source \"ftp\""),
            ("tcp://localhost", "port is missing"),
            ("tcp://localhost:", "port is missing"),
            ("tcp://localhost:99999", "no port"),
            ("tcp://::1:9", "brackets"),
            ("tcp://:9", "host is missing"),
            ("tcp://h:0", "port 0"),
            ("tcp://[x]:9", "no IPv6 address"),
            ("kafka://b/t?group=g", "not in this version"),
            ("file:", "needs a path"),
            ("exec: ", "needs a command"),
            ("queue:", "needs files"),
            ("lambda=-", "Python"),
            ("stdin", "written as -"),
        ] {
            let error = text.parse::<SourceSpec>().expect_err(text);
            assert!(error.contains(hint), "{text}: {error}");
        }
    }

    #[test]
    fn paths_need_not_be_utf8() {
        let path = |bytes| Some(PathBuf::from(OsStr::from_bytes(bytes)));
        let parse = |bytes| SourceSpec::parse(OsStr::from_bytes(bytes));
        assert_eq!(parse(b"a=file:lat\xe9n").unwrap().kind, SourceKind::File(path(b"lat\xe9n").unwrap()));
        assert_eq!(
            parse(b"queue:\xe9,,x").unwrap().kind,
            SourceKind::Queue(vec![path(b"\xe9"), None, path(b"x")])
        );
        for wrong in [&b"\xe9"[..], b"\xe9:x", b"exec:\xe9", b"tcp://\xe9:1", b"udp:\xe9"] {
            assert!(parse(wrong).is_err());
        }
    }

    #[test]
    fn what_cannot_run_side_by_side_is_refused() {
        let check_all = |texts: &[&str]| {
            let specs: Vec<SourceSpec> = texts.iter().map(|text| text.parse().unwrap()).collect();
            check(&specs)
        };
        assert!(check_all(&["-", "file:a", "file:a"]).is_ok());
        assert!(check_all(&["udp-listen://h:0", "udp-listen://h:0"]).is_ok());
        for wrong in [["-", "x=-"], ["a=file:x", "a=file:y"], ["tcp-listen://h:1", "tcp-listen://h:1"]] {
            assert!(matches!(check_all(&wrong), Err(Error::Usage(_))), "{wrong:?}");
        }
    }

    #[test]
    fn sizes_are_those_of_plain_files() {
        let dir = tempfile::tempdir().unwrap();
        let (plain, packed) = (dir.path().join("a"), dir.path().join("a.gz"));
        std::fs::write(&plain, "12345").unwrap();
        std::fs::write(&packed, "12345").unwrap();
        assert_eq!(SourceKind::File(plain.clone()).size(), Some(5));
        assert_eq!(SourceKind::File(packed).size(), None);
        assert_eq!(SourceKind::Queue(vec![Some(plain.clone()), None, Some(plain)]).size(), Some(10));
        assert_eq!(SourceKind::Tail(dir.path().join("a")).size(), None);
    }
}
