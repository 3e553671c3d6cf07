"""The ledger of weekly submissions: who holds which place, until when. Owns nothing else and knows no challenge."""
