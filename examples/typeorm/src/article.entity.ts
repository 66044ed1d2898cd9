import { Column, DeleteDateColumn, Entity, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import { Author } from './author.entity.js';

@Entity('article')
export class Article {
  @PrimaryGeneratedColumn('identity')
  id!: number;

  @ManyToOne(() => Author, { onDelete: 'CASCADE', nullable: false })
  @JoinColumn({ name: 'author_id' })
  author!: Author;

  @Column('text', { unique: true })
  title!: string;

  @Column('uuid', { name: 'cover_id', nullable: true })
  coverId!: string | null;

  @Column('uuid', { array: true, default: '{}' })
  gallery!: string[];

  @DeleteDateColumn({ name: 'deleted_at', type: 'timestamptz' })
  deletedAt!: Date | null;
}
