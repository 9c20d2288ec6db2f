// What a feed has entries of.

/** What one change was. */
export type FeedKind =
  | 'added'
  | 'updated'
  | 'removed'
  | 'blocked'
  | 'unblocked'
  | 'grouped'
  | 'asked'
  | 'declined'
  | 'profile'
  | 'imported'
  | 'deleted'
  // Beside the graph, and only while a webhook is told: publications, identities, lists of contacts, followed links.
  | 'published'
  | 'succeeded'
  | 'failed'
  | 'unknown'
  | 'linked'
  | 'unlinked'
  | 'contacts'
  | 'clicked'
