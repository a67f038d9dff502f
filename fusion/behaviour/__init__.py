"""What shoppers bought and viewed together: models over a matrix of shoppers and items. No words and no photos here."""
