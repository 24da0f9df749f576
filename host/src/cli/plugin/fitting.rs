//! Whether a plugin fits a slot, for `baton plugin check --as`. Tries nothing by itself.

use crate::{
    cli::{
        Context,
        screen::{BAD, GOOD, WARNING, painted},
        text,
    },
    operations::plugins::{Plugin, SlotFit, SlotSample},
};

/// Shows whether a plugin fits a slot.
pub(super) fn show(context: &Context, plugin: &Plugin, fit: &SlotFit) {
    if let Some(reason) = &fit.reason {
        return context.screen.warn(format!("{} {}", painted(BAD, "✗"), text::line(reason)));
    }
    let (plugin, slot) = (text::escaped(&plugin.name), text::escaped(&fit.slot));
    let tried = fit.samples.iter().filter(|sample| **sample == SlotSample::Fits).count();
    context.screen.tell(format!(
        "{} No objection to `{plugin}` in the slot `{slot}`: {tried} of {} samples were answered as the slot requires.",
        painted(GOOD, "✓"),
        fit.samples.len()
    ));
    for (number, sample) in fit.samples.iter().enumerate() {
        if let SlotSample::NotTried { reason } = sample {
            let reason = text::excerpt(&text::line(reason), 300);
            context.screen.tell(format!("{} Sample {} was not tried to its end: {reason}", painted(WARNING, "!"), number + 1));
        }
    }
}
