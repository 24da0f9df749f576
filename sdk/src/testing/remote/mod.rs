//! The host in memory for tests in other languages, as a process beside them. Each line that comes in is a question of the test
//! or the answer of one of its functions, each that goes out an answer or a call of such a function. Knows no language; a line
//! that is neither ends it.

mod calls;
mod doing;
mod shapes;
#[cfg(test)]
mod tests;

use std::{
    any::Any,
    cell::RefCell,
    collections::BTreeMap,
    io::{self, BufRead, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Host, continuing, installed, world::World};
use crate::bindings::host::baton::plugin::types;
use crate::{Error, Result};
use shapes::Shape;

/// Serves hosts until the input ends. A question is `{"host": NUMBER, "call": FUNCTION, "arguments": […]}` for a call of the
/// plugin, with `"do"` in the place of `"call"` for a method of [`Host`]; a new number is a new host. An answer is `{"value": …}`,
/// `{"error": …}` as the plugin gets it, or `{"failure": TEXT}` where the test fails.
///
/// A question with a `"callback"` gives the number of a function of the test. Baton calls it with
/// `{"callback": NUMBER, "arguments": […]}`, and the test answers with `{"return": …}`, `{"raise": …}` for an error of the contract,
/// or `{"fail": TEXT}`. Before that it may ask more questions. The answer of a call that ends the run so that it begins again is
/// `{"continue": INPUT}`, and the function answers with the same.
///
/// Values have the form of the contract: records are objects, bytes `{"base64": …}`, variants and results
/// `{"tag": …, "val": …}`, JSON documents texts.
pub fn serve(input: impl BufRead + 'static, output: impl Write + 'static) -> io::Result<()> {
    let server =
        Rc::new(Server { input: RefCell::new(Box::new(input)), output: RefCell::new(Box::new(output)), hosts: RefCell::default() });
    let served = server.serve();
    // The functions of the test that a host holds hold the server.
    server.hosts.take();
    served
}

struct Server {
    input: RefCell<Box<dyn BufRead>>,
    output: RefCell<Box<dyn Write>>,
    hosts: RefCell<BTreeMap<u32, Rc<World>>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Message {
    Returned {
        #[serde(rename = "return")]
        value: Value,
    },
    Raised {
        raise: Value,
    },
    Failed {
        fail: String,
    },
    /// The function has ended because the run continues with another input.
    Continued {
        #[serde(rename = "continue")]
        input: String,
    },
    Called {
        host: u32,
        call: String,
        arguments: Vec<Value>,
    },
    Done {
        host: u32,
        #[serde(rename = "do")]
        method: String,
        arguments: Vec<Value>,
        callback: Option<u32>,
    },
}

impl Server {
    fn serve(self: &Rc<Self>) -> io::Result<()> {
        while let Some(message) = self.receive()? {
            self.send(&self.answer(&message))?;
        }
        Ok(())
    }

    /// Calls a function of the test, and answers what it asks meanwhile.
    #[expect(clippy::panic, reason = "a test fails by panicking, and its own function has failed")]
    fn call_back(self: &Rc<Self>, callback: u32, arguments: Vec<Value>) -> Result<Value> {
        let lost = |error: io::Error| -> ! { panic!("The test has ended: {error}") };
        self.send(&json!({ "callback": callback, "arguments": arguments })).unwrap_or_else(|error| lost(error));
        loop {
            match self.receive().unwrap_or_else(|error| lost(error)) {
                None => lost(io::ErrorKind::UnexpectedEof.into()),
                Some(Message::Returned { value }) => return Ok(value),
                Some(Message::Raised { raise }) => return Err(read::<types::Error>(&raise).into()),
                Some(Message::Failed { fail }) => panic!("{fail}"),
                Some(Message::Continued { input }) => continuing::continue_with(serde_json::from_str(&input).unwrap_or_default()),
                Some(question) => self.send(&self.answer(&question)).unwrap_or_else(|error| lost(error)),
            }
        }
    }

    fn answer(self: &Rc<Self>, message: &Message) -> Value {
        match catch_unwind(AssertUnwindSafe(|| continuing::caught(|| self.done(message)))) {
            Ok(Ok(Ok(value))) => json!({ "value": value }),
            Ok(Ok(Err(error))) => json!({ "error": types::Error::from(error).write() }),
            Ok(Err(input)) => json!({ "continue": input.to_string() }),
            Err(panic) => json!({ "failure": words(&*panic) }),
        }
    }

    #[expect(clippy::panic, reason = "the test's side does not keep to the protocol")]
    fn done(self: &Rc<Self>, message: &Message) -> Result<Value> {
        match message {
            Message::Called { host, call, arguments } => {
                let world = self.host(*host).world;
                installed::inside(&world, || calls::answer(call, arguments))
            }
            Message::Done { host, method, arguments, callback } => {
                let function = Function { server: Rc::clone(self), callback: *callback };
                doing::answer(self.host(*host), method, arguments, function)
            }
            _ => panic!("A function of the test has answered that was not called."),
        }
    }

    fn host(&self, number: u32) -> Host {
        let world = Rc::clone(self.hosts.borrow_mut().entry(number).or_insert_with(|| Host::new().world));
        Host { world }
    }

    fn receive(&self) -> io::Result<Option<Message>> {
        let mut line = String::new();
        if self.input.borrow_mut().read_line(&mut line)? == 0 {
            return Ok(None);
        }
        serde_json::from_str(&line).map(Some).map_err(|_| {
            let shown: String = line.chars().take(100).flat_map(char::escape_debug).collect();
            io::Error::new(io::ErrorKind::InvalidData, format!("`{shown}` is not a message of this protocol"))
        })
    }

    fn send(&self, answer: &Value) -> io::Result<()> {
        let mut output = self.output.borrow_mut();
        writeln!(output, "{answer}")?;
        output.flush()
    }
}

/// A function of the test that came with a question.
#[derive(Clone)]
struct Function {
    server: Rc<Server>,
    callback: Option<u32>,
}

impl Function {
    /// Calls it with one argument, or with none.
    fn call<A: Shape>(&self, argument: Option<&impl Shape>) -> Result<A> {
        let callback = self.callback.ok_or_else(|| Error::invalid("This method of the host takes a function of the test."))?;
        let arguments = argument.map(Shape::write).into_iter().collect();
        Ok(read(&self.server.call_back(callback, arguments)?))
    }
}

/// A value of the test's side.
#[expect(clippy::panic, reason = "a test fails by panicking, and it gave a value of the wrong form")]
fn read<A: Shape>(value: &Value) -> A {
    A::read(value).unwrap_or_else(|wrong| panic!("A value of the test has the wrong form: {wrong}."))
}

/// The arguments of a question, one after another.
struct Arguments<'a>(std::slice::Iter<'a, Value>);

impl<'a> Arguments<'a> {
    fn of(arguments: &'a [Value]) -> Self {
        Self(arguments.iter())
    }

    fn next<A: Shape>(&mut self) -> A {
        read(self.0.next().unwrap_or(&Value::Null))
    }

    fn text(&mut self) -> String {
        self.next()
    }

    /// A document that is written as text.
    #[expect(clippy::panic, reason = "a test fails by panicking, and it gave no JSON")]
    fn document(&mut self) -> Value {
        let text = self.text();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("A value of the test is not JSON: {error}."))
    }
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "The host in memory has failed.".to_owned())
}
