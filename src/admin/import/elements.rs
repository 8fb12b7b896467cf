//! Takes a JSON file apart into the objects it lists, without holding more than one: an array of them,
//! one a line, or the members of an array in an object. Each comes with the line it begins on.

use std::io::{self, BufRead};

/// The longest object.
const MAX_BYTES: usize = 1 << 20;

/// Where the objects are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Shape {
    /// At the top, one after the other, or in an array.
    List,
    /// In the array that is this member of the one object at the top.
    Member(&'static str),
}

/// Hands every object to `take`, with its line; `take` says whether to go on.
///
/// # Errors
/// The file cannot be read, or what stands around the objects is no JSON.
pub(super) fn each(
    mut file: impl BufRead,
    shape: Shape,
    mut take: impl FnMut(u64, &[u8]) -> bool,
) -> io::Result<()> {
    let mut scanner = Scanner::new(shape);
    let mut found = Vec::new();
    loop {
        let buffer = file.fill_buf()?;
        if buffer.is_empty() {
            break;
        }
        for byte in buffer {
            match scanner.step(*byte)? {
                Step::Outside => {}
                Step::Inside => found.push(*byte),
                Step::Last => {
                    found.push(*byte);
                    if !take(scanner.began, &found) {
                        return Ok(());
                    }
                    found.clear();
                }
            }
            if found.len() > MAX_BYTES {
                return Err(malformed("an object is longer than a megabyte"));
            }
        }
        let read = buffer.len();
        file.consume(read);
    }
    if scanner.is_open() {
        return Err(malformed("it ends in the middle"));
    }
    Ok(())
}

enum Step {
    Outside,
    Inside,
    Last,
}

/// Follows strings, braces and brackets; what is between them is for whoever reads the objects.
struct Scanner {
    shape: Shape,
    /// What is open, from the outside in: `{` or `[`.
    open: Vec<u8>,
    in_string: bool,
    escaped: bool,
    /// The last string at the depth of the object's members.
    key: Vec<u8>,
    /// Whether the array that is open is the one.
    in_member: bool,
    /// How many are open around an object.
    around: usize,
    line: u64,
    began: u64,
    inside: bool,
}

impl Scanner {
    fn new(shape: Shape) -> Self {
        Self {
            shape,
            open: Vec::new(),
            in_string: false,
            escaped: false,
            key: Vec::new(),
            in_member: false,
            around: 0,
            line: 1,
            began: 1,
            inside: false,
        }
    }

    fn is_open(&self) -> bool {
        self.in_string || !self.open.is_empty()
    }

    fn step(&mut self, byte: u8) -> io::Result<Step> {
        if byte == b'\n' {
            self.line += 1;
        }
        if self.in_string {
            self.string(byte);
            return Ok(self.place());
        }
        match byte {
            b'"' => {
                self.in_string = true;
                self.key.clear();
            }
            b'{' | b'[' => self.opens(byte)?,
            b'}' | b']' => {
                let pair = if byte == b'}' { b'{' } else { b'[' };
                if self.open.pop() != Some(pair) {
                    return Err(malformed("a bracket closes what is not open"));
                }
                if self.inside && self.open.len() == self.around {
                    self.inside = false;
                    return Ok(Step::Last);
                }
                self.in_member &= self.open.len() > 1;
            }
            _ if self.inside || byte.is_ascii_whitespace() || b",:".contains(&byte) => {}
            // Numbers and words between the objects: members of an object around them.
            _ if self.shape != Shape::List && !self.open.is_empty() => {}
            0xef | 0xbb | 0xbf if self.line == 1 => {}
            _ => return Err(malformed("between the objects is something else")),
        }
        Ok(self.place())
    }

    fn place(&self) -> Step {
        if self.inside {
            Step::Inside
        } else {
            Step::Outside
        }
    }

    fn string(&mut self, byte: u8) {
        if self.escaped {
            self.escaped = false;
        } else if byte == b'\\' {
            self.escaped = true;
        } else if byte == b'"' {
            self.in_string = false;
            return;
        }
        if self.open.len() == 1 && self.key.len() < 64 {
            self.key.push(byte);
        }
    }

    fn opens(&mut self, byte: u8) -> io::Result<()> {
        let depth = self.open.len();
        if depth > 128 {
            return Err(malformed("it is nested too deeply"));
        }
        if !self.inside {
            let begins = match self.shape {
                Shape::List => byte == b'{' && depth <= 1,
                Shape::Member(name) => {
                    if byte == b'[' && depth == 1 && self.key == name.as_bytes() {
                        self.in_member = true;
                    }
                    byte == b'{' && depth == 2 && self.in_member
                }
            };
            if begins {
                self.inside = true;
                self.around = depth;
                self.began = self.line;
            }
        }
        self.open.push(byte);
        Ok(())
    }
}

fn malformed(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, shape: Shape) -> io::Result<Vec<(u64, String)>> {
        let mut found = Vec::new();
        // Two bytes at a time, so that nothing hangs on where a read ends.
        let reader = io::BufReader::with_capacity(2, text.as_bytes());
        each(reader, shape, |line, object| {
            found.push((line, String::from_utf8_lossy(object).into_owned()));
            true
        })
        .map(|()| found)
    }

    #[test]
    fn arrays_and_lines_are_lists_of_objects() {
        let objects = [r#"{"a":"]}\"","b":[{"c":1}]}"#, "{}"];
        let expected = |lines: [u64; 2]| {
            let pairs = lines.into_iter().zip(objects);
            pairs
                .map(|(line, text)| (line, text.to_owned()))
                .collect::<Vec<_>>()
        };
        let [first, second] = objects;
        for (text, lines) in [
            (format!("{first}\n{second}\n"), [1, 2]),
            (format!("[{first},\n\n{second}]"), [1, 3]),
            (format!("\u{feff}[\n  {first}, {second}\n]\n"), [2, 2]),
        ] {
            assert_eq!(
                found(&text, Shape::List).expect("a list"),
                expected(lines),
                "{text}"
            );
        }
        assert!(found("", Shape::List).expect("none").is_empty());
        assert!(found("[]", Shape::List).expect("none").is_empty());
    }

    #[test]
    fn members_of_one_array_are_found_among_everything_else() {
        let text = r#"{"realm":"r","other":[{"users":[{"x":0}]}],"n":{"users":[{"y":0}]},"t":true,
            "users":[{"a":1},
            {"users":[{"b":2}]}],"after":[{"z":1}]}"#;
        let users = found(text, Shape::Member("users")).expect("users");
        let texts: Vec<&str> = users.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, [r#"{"a":1}"#, r#"{"users":[{"b":2}]}"#]);
        assert_eq!(users[1].0, 3);
    }

    #[test]
    fn what_is_cut_off_or_no_list_is_said_to_be() {
        for text in [
            "[{\"a\":1}",
            "{\"a\":\"",
            "]",
            "[{]}",
            "{}} {}",
            "true",
            "[1]",
        ] {
            assert!(found(text, Shape::List).is_err(), "{text}");
        }
        let deep = "[".repeat(200);
        assert!(found(&deep, Shape::Member("users")).is_err());
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(MAX_BYTES));
        assert!(found(&long, Shape::List).is_err());
    }
}
