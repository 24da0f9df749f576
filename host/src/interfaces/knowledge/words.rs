//! Finds passages by their words (BM25), in memory: what is asked of a project is small and quickly read again, and an
//! index on disk would be one more thing that can be damaged or be behind. Understands English word forms best.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use tantivy::{
    Index as Tantivy, IndexReader, ReloadPolicy, TantivyDocument, TantivyError, Term,
    collector::TopDocs,
    query::{BooleanQuery, Occur, Query, TermQuery},
    schema::{Field, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions, Value},
    tokenizer::{Language, LowerCaser, RemoveLongFilter, SimpleTokenizer, Stemmer, StopWordFilter, TextAnalyzer},
};

use super::{
    Index, SearchHit, SourceChange,
    library::{Holding, SUBJECT},
    passages::passages,
};
use crate::{
    errors::StorageError,
    interfaces::blocking::{Deadline, blocking},
};

/// Bytes the writer may hold while it takes over changes; the least the library allows.
const WRITER_MEMORY: usize = 15_000_000;
/// Words of a query that are looked for; more make no answer better.
const MOST_WORDS: usize = 64;
/// Passages looked at for one answer: those a run may not see are left out of them.
const MOST_LOOKED_AT: usize = 1_000;
/// Places held at once; the one that was asked longest ago makes room.
const MOST_PLACES: usize = 64;
const TOKENIZER: &str = "words";

/// An index of words for every place.
#[derive(Default)]
pub struct WordIndex(Mutex<Places>);

#[derive(Default)]
struct Places {
    held: BTreeMap<String, (u64, Arc<Mutex<Shelf>>)>,
    asked: u64,
}

impl WordIndex {
    fn shelf(&self, place: &str) -> Result<Arc<Mutex<Shelf>>, StorageError> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        places.asked += 1;
        let asked = places.asked;
        if let Some((last, shelf)) = places.held.get_mut(place) {
            *last = asked;
            return Ok(Arc::clone(shelf));
        }
        if places.held.len() >= MOST_PLACES
            && let Some(oldest) = places.held.iter().min_by_key(|(_, (last, _))| *last).map(|(place, _)| place.clone())
        {
            places.held.remove(&oldest);
        }
        let shelf = Arc::new(Mutex::new(Shelf::new().map_err(|error| describe_error(&error))?));
        places.held.insert(place.to_owned(), (asked, Arc::clone(&shelf)));
        Ok(shelf)
    }
}

#[async_trait]
impl Index for WordIndex {
    async fn state(&self, place: &str) -> Holding {
        let shelf = self.shelf(place).ok();
        shelf.map(|shelf| shelf.lock().unwrap_or_else(PoisonError::into_inner).holding.clone()).unwrap_or_default()
    }

    async fn change(&self, place: &str, changes: Vec<SourceChange>, holding: Holding) -> Result<(), StorageError> {
        let shelf = self.shelf(place)?;
        aside(move |deadline| shelf.lock().unwrap_or_else(PoisonError::into_inner).change(&changes, holding, deadline)).await
    }

    async fn search(
        &self,
        place: &str,
        query: &str,
        limit: usize,
        allowed: &(dyn for<'a> Fn(&'a str) -> bool + Sync),
    ) -> Result<Vec<SearchHit>, StorageError> {
        let (shelf, query) = (self.shelf(place)?, query.to_owned());
        let mut found = aside(move |_| shelf.lock().unwrap_or_else(PoisonError::into_inner).search(&query)).await?;
        found.retain(|found| allowed(&found.source));
        found.truncate(limit);
        Ok(found)
    }
}

/// The passages of one place.
struct Shelf {
    index: Tantivy,
    reader: IndexReader,
    source: Field,
    text: Field,
    holding: Holding,
}

impl Shelf {
    fn new() -> Result<Self, TantivyError> {
        let mut schema = Schema::builder();
        let indexing = TextFieldIndexing::default().set_tokenizer(TOKENIZER).set_index_option(IndexRecordOption::WithFreqs);
        let source = schema.add_text_field("source", STRING | STORED);
        let text = schema.add_text_field("text", TextOptions::default().set_indexing_options(indexing).set_stored());
        let index = Tantivy::create_in_ram(schema.build());
        index.tokenizers().register(TOKENIZER, analyzer());
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Self { index, reader, source, text, holding: Holding::default() })
    }

    /// What is not finished in time is as if it had not begun: the next look makes it again.
    fn change(&mut self, changes: &[SourceChange], holding: Holding, deadline: &Deadline) -> Result<(), TantivyError> {
        // Made for the occasion: it keeps a thread and its memory for as long as it lives.
        let mut writer = self.index.writer_with_num_threads::<TantivyDocument>(1, WRITER_MEMORY)?;
        for change in changes {
            deadline.check("Let `knowledge.documents` name fewer files.").map_err(|error| TantivyError::SystemError(error.to_string()))?;
            writer.delete_term(Term::from_field_text(self.source, &change.source));
            for passage in change.text.iter().flat_map(|text| passages(text)) {
                let mut document = TantivyDocument::new();
                document.add_text(self.source, &change.source);
                document.add_text(self.text, passage);
                writer.add_document(document)?;
            }
        }
        writer.commit()?;
        self.reader.reload()?;
        self.holding = holding;
        Ok(())
    }

    /// Any of the query's words counts; rare words count for more.
    fn search(&self, query: &str) -> Result<Vec<SearchHit>, TantivyError> {
        let mut words = BTreeSet::new();
        let mut analyzer = analyzer();
        let mut tokens = analyzer.token_stream(query);
        while tokens.advance() && words.len() < MOST_WORDS {
            words.insert(tokens.token().text.clone());
        }
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let term = |word: &String| {
            let term = Term::from_field_text(self.text, word);
            (Occur::Should, Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs)) as Box<dyn Query>)
        };
        let query = BooleanQuery::new(words.iter().map(term).collect());
        let searcher = self.reader.searcher();
        let best = searcher.search(&query, &TopDocs::with_limit(MOST_LOOKED_AT).order_by_score())?;
        best.into_iter().map(|(score, address)| Ok(self.parse_hit(score, &searcher.doc(address)?))).collect()
    }

    fn parse_hit(&self, score: f32, document: &TantivyDocument) -> SearchHit {
        let text = |field| document.get_first(field).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
        SearchHit { source: text(self.source), text: text(self.text), score }
    }
}

fn analyzer() -> TextAnalyzer {
    let words = TextAnalyzer::builder(SimpleTokenizer::default()).filter(RemoveLongFilter::limit(64)).filter(LowerCaser);
    match StopWordFilter::new(Language::English) {
        Some(stop_words) => words.filter(stop_words).filter(Stemmer::new(Language::English)).build(),
        None => words.filter(Stemmer::new(Language::English)).build(),
    }
}

/// Works through the index without holding up the guests.
async fn aside<A: Send + 'static>(work: impl FnOnce(&Deadline) -> Result<A, TantivyError> + Send + 'static) -> Result<A, StorageError> {
    match blocking(work).await {
        Ok(done) => done.map_err(|error| describe_error(&error)),
        Err(error) => Err(StorageError::search(SUBJECT, format!("{error}. Report it."))),
    }
}

fn describe_error(error: &TantivyError) -> StorageError {
    StorageError::search(SUBJECT, format!("{}. Report it.", error.to_string().trim_end_matches('.')))
}
