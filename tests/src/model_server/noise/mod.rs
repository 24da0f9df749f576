//! What goes wrong between a host and real models, by chance and from a seed: replies that are not what was asked for, and
//! lines that fail. The reply after a mistake that the model was shown is right; what it was right about is the script's.

mod draw;
mod line;
mod ways;

use baton::interfaces::llm::Reply;

use super::{Delivery, Line, Spoil, Turn};
use draw::Draw;

pub use ways::WAYS;

/// Noise at a rate.
#[derive(Clone, Copy, Debug)]
pub struct Noise {
    /// The same seed spoils the same turns of the same tasks in the same ways.
    pub seed: u64,
    /// Share of replies that are disturbed, 0.0 to 1.0.
    pub rate: f64,
}

impl Noise {
    /// The hook.
    pub fn hook(self) -> Box<Spoil> {
        Box::new(move |turn, reply| self.spoil(turn, reply))
    }

    fn spoil(self, turn: &Turn<'_>, reply: Reply) -> Delivery {
        let mut draw = Draw::new(&format!("{} {} {} {} {}", self.seed, turn.plugin, turn.goal, turn.turn, turn.attempt));
        let good = |reply| Delivery { reply, way: None, line: Line::Good };
        if !draw.chance(self.rate) {
            return good(reply);
        }
        let spoiled: Vec<_> = WAYS.iter().filter_map(|way| Some((way.name, way.apply(turn, &reply)?))).collect();
        let number = draw.below(spoiled.len() + line::WAYS.len());
        if let Some(way) = number.checked_sub(spoiled.len()).and_then(|number| line::WAYS.get(number)) {
            return Delivery { reply, way: Some(way.name), line: (way.line)() };
        }
        // Shown its mistake, the model gives the right reply.
        match spoiled.into_iter().nth(number) {
            Some((name, spoiled)) if !turn.corrects => Delivery { reply: spoiled, way: Some(name), line: Line::Good },
            _ => good(reply),
        }
    }
}

#[cfg(test)]
mod tests;
