"""The report of a study: one page of HTML, and the sentences that `status` prints too."""
